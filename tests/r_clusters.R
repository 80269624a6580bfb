# Standard errors of few clusters by R, written to tests/data/r_clusters.csv for test_clusters.py.
# Run it by hand, in the repository:
#
#     Rscript tests/r_clusters.R
#
# "jackknife": the cluster jackknife by one step of glm.fit without each cluster.
# "HC2", "HC3": vcovCL for clusters of equal rows. For other clusters, vcovCL of sandwich 3.0-2
# multiplies the leverages by working weights on the other side, and is no one-step jackknife.

suppressMessages(library(sandwich))
read <- function(name) read.csv(file.path("tests", "data", paste0(name, ".csv")), comment.char = "#")
births <- read("birthwt")
crabs <- read("crabs")
tables <- list(
  birthwt = list(formula = low ~ age + lwt + smoke + ht + ui, data = births, cluster = births$age,
                 equal = low ~ race + smoke + ht),
  crabs = list(formula = y ~ width + weight, data = crabs, cluster = floor(crabs$width), equal = y ~ width)
)
recorded <- list()
add <- function(...) recorded[[length(recorded) + 1]] <<- data.frame(...)

for (name in names(tables)) for (link in c("logit", "probit", "cloglog")) for (weights in c("ones", "counts")) {
  table <- tables[[name]]
  data <- table$data
  fit_to <- function(formula, w) {
    data$w <- w
    environment(formula) <- environment()
    # glm stops once the deviance hardly changes, with errors of 1e-8. More starts leave 1e-14.
    start <- NULL
    for (k in 1:20) {
      fit <- glm(formula, binomial(link), data, weights = w, start = start, control = glm.control(epsilon = 1e-14))
      start <- coef(fit)
    }
    fit
  }
  keep <- function(fit, type, V) {
    add(table = name, link = link, weights = weights, type = type,
        term = gsub("(Intercept)", "intercept", names(coef(fit)), fixed = TRUE),
        value = sprintf("%.14g", coef(fit)), error = sprintf("%.14g", sqrt(diag(V))))
  }
  n <- nrow(data)
  w <- if (weights == "ones") rep(1, n) else 1 + (seq_len(n) - 1) %% 3
  fit <- fit_to(table$formula, w)
  X <- model.matrix(fit)
  V <- 0
  for (cluster in unique(table$cluster)) {
    i <- table$cluster != cluster
    # One step ends without convergence, and glm.fit warns.
    step <- suppressWarnings(glm.fit(X[i, ], fit$y[i], w[i], start = coef(fit),
                                     family = binomial(link), control = list(maxit = 1)))
    V <- V + tcrossprod(coef(fit) - coef(step))
  }
  keep(fit, "jackknife", V)
  columns <- data[all.vars(table$equal)[-1]]
  pattern <- do.call(paste, columns)
  w <- if (weights == "ones") rep(1, n) else 1 + floor(columns[[1]]) %% 3
  fit <- fit_to(table$equal, w)
  for (type in c("HC2", "HC3")) keep(fit, type, vcovCL(fit, cluster = pattern, type = type))
}

con <- file(file.path("tests", "data", "r_clusters.csv"), "w")
writeLines(paste0("# ", R.version.string, ", sandwich ", packageVersion("sandwich"), " - written by tests/r_clusters.R"), con)
write.csv(do.call(rbind, recorded), con, row.names = FALSE, quote = FALSE)
close(con)
