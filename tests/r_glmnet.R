# R's cv.glmnet on tables of tests/data: means, standard errors, lambda.min and lambda.1se, written
# to tests/data/r_glmnet.csv for test_r_glmnet.py. Run it by hand, in the repository:
#
#     Rscript tests/r_glmnet.R
#
# glmnet minimizes the weighted mean loss of the rows of a fit plus lambda times the penalty, and
# skneuron the same with 1 / (C S), where S is the sum of the sample weights of these rows. All
# training sets of a table have the same S, so that lambda = 1 / (C S) in every fold.

suppressMessages(library(glmnet))
read <- function(name) read.csv(file.path("tests", "data", name), comment.char = "#")
# Powers of ten are exact in both languages to some 1e-16.
Cs <- 10^seq(-3, 1, length.out = 13)
recorded <- list()

record <- function(table, data, n, folds, weighted, factor = 1) {
  X <- scale(as.matrix(data[seq_len(n), -ncol(data)]))
  y <- data[seq_len(n), ncol(data)]
  fold <- rep(seq_len(folds), length.out = n)
  weights <- if (weighted) 1 + ((seq_len(n) - 1) %/% folds) %% 2 else rep(1, n)
  totals <- tapply(weights, fold, sum)
  stopifnot(max(totals) == min(totals))
  factors <- rep(1, ncol(X))
  factors[1] <- factor
  # glmnet rescales the factors to a mean of 1.
  lambda <- 1 / (Cs * (sum(weights) - totals[1]))
  for (alpha in c(0, 0.5, 1)) {
    fit <- cv.glmnet(X, y,
      family = "binomial", type.measure = "deviance", foldid = fold, weights = weights,
      alpha = alpha, lambda = lambda * mean(factors), penalty.factor = factors,
      standardize = FALSE, thresh = 1e-14, maxit = 1e7
    )
    stopifnot(length(fit$lambda) == length(Cs))
    recorded[[length(recorded) + 1]] <<- data.frame(
      table = table, n = n, folds = folds, weighted = weighted, factor = factor, alpha = alpha,
      C = sprintf("%.16g", Cs),
      loss = sprintf("%.12g", fit$cvm / 2), error = sprintf("%.12g", fit$cvsd / 2),
      min = as.integer(fit$lambda == fit$lambda.min),
      one_se = as.integer(fit$lambda == fit$lambda.1se)
    )
  }
}

pima <- read("pima.csv.gz")
sonar <- read("sonar.csv.gz")
record("pima", pima, 768, 8, FALSE)
record("pima", pima, 768, 6, TRUE)
record("sonar", sonar, 208, 4, FALSE)
record("sonar", sonar, 208, 4, TRUE)
record("sonar", sonar, 200, 10, FALSE, factor = 4)

path <- file.path("tests", "data", "r_glmnet.csv")
head <- paste0(
  "# ", R.version.string, ", glmnet ", packageVersion("glmnet"), " - written by tests/r_glmnet.R"
)
writeLines(head, path)
suppressWarnings(write.table(do.call(rbind, recorded), path,
  append = TRUE, sep = ",", quote = FALSE, row.names = FALSE
))
