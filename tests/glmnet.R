# R's glmnet on the tables of tests/data with penalty factors, written to tests/data/glmnet.csv for
# test_penalty_factor.py. Run it by hand, in the repository:
#
#     Rscript tests/glmnet.R
#
# glmnet minimises the mean loss plus lambda * sum_j f_j ((1 - alpha) / 2 * w_j^2 + alpha * |w_j|),
# with f = penalty.factor / mean(penalty.factor). An excluded feature is one of the mean, with factor 1.

suppressMessages(library(glmnet))

# The last cycle over the columns changes the loss by less than this number times the null deviance.
thresh <- 1e-24
factors <- c(1, 0, 0.5, 3, 1, 10, 0.2)
lambdas <- c(birthwt = 0.03, pima = 0.03, sonar = 0.01, womenlf = 0.02)
recorded <- list()

read <- function(name) {
  file <- file.path("tests", "data", paste0(name, ".csv"))
  if (!file.exists(file)) file <- gzfile(paste0(file, ".gz"))
  read.csv(file, comment.char = "#")
}

record <- function(table, case, x, y, family = "binomial", ...) {
  x <- as.matrix(x)
  for (alpha in c(0, 0.5, 1)) {
    for (standardize in c(FALSE, TRUE)) {
      fit <- glmnet(x, y, family,
        alpha = alpha, lambda = lambdas[[table]], standardize = standardize, thresh = thresh,
        maxit = 1e9, penalty.factor = rep_len(factors, ncol(x)), ...
      )
      stopifnot(fit$jerr == 0)
      by_class <- coef(fit)
      if (!is.list(by_class)) by_class <- list("1" = by_class)
      for (class in names(by_class)) {
        recorded[[length(recorded) + 1]] <<- data.frame(
          table = table, case = case, alpha = alpha, standardize = standardize, class = class,
          term = c("bias", colnames(x)), value = sprintf("%.12g", as.vector(by_class[[class]]))
        )
      }
    }
  }
}

birthwt <- read("birthwt")
births <- birthwt[c("age", "lwt", "smoke", "ptl", "ht", "ui")]
record("birthwt", "plain", births, birthwt$low)
# What the test computes too: weights 1, 2, 3, 1, ...
record("birthwt", "weighted", births, birthwt$low, weights = 1 + (seq_len(nrow(birthwt)) - 1) %% 3)
record("birthwt", "bounded", births, birthwt$low, lower.limits = -0.01, upper.limits = 0.3)
record("birthwt", "excluded", births, birthwt$low, exclude = 5)
pima <- read("pima")
record("pima", "plain", pima[setdiff(names(pima), "diabetes")], pima$diabetes)
sonar <- read("sonar")
record("sonar", "plain", sonar[grepl("^band", names(sonar))], sonar[["mine"]])
womenlf <- read("womenlf")
record("womenlf", "plain", womenlf[c("hincome", "children")], womenlf$partic, "multinomial")

con <- file(file.path("tests", "data", "glmnet.csv"), "w")
version <- paste("glmnet", packageVersion("glmnet"))
writeLines(paste("#", version, "on", R.version.string, "- written by tests/glmnet.R"), con)
write.csv(do.call(rbind, recorded), con, row.names = FALSE, quote = FALSE)
close(con)
