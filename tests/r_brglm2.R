# Mean bias-reduced fits of R's brglm2 on the tables of tests/data: links, prior weights and offsets,
# written to tests/data/r_brglm2.csv for test_bias_reduction.py. Run it by hand, in the repository:
#
#     Rscript tests/r_brglm2.R
#
# Rows of the output: one per coefficient, with the standard error, and per fit the log-likelihood
# and the AIC. For the first logit also the diagnostics of the first rows of R's generics, and
# the standard errors of the package sandwich.

suppressMessages(library(brglm2))
read <- function(name) read.csv(file.path("tests", "data", paste0(name, if (name == "default") ".csv.gz" else ".csv")), comment.char = "#")
links <- c("logit", "probit", "cloglog", "cauchit")
recorded <- list()
add <- function(table, case, link, term, value, error = NA) {
  recorded[[length(recorded) + 1]] <<- data.frame(
    table = table, case = case, link = link, term = term,
    value = sprintf("%.12g", value), error = sprintf("%.12g", error)
  )
}

reduced <- function(formula, link, data, weights, offset) {
  data$case_weights <- weights
  data$case_offset <- offset
  glm(formula, binomial(link), data,
    weights = case_weights, offset = case_offset, method = "brglmFit", type = "AS_mean",
    epsilon = 1e-12, maxit = 10000
  )
}

record <- function(table, case, formula, data, weights = rep(1, nrow(data)), offset = rep(0, nrow(data))) {
  for (link in links) {
    fit <- suppressWarnings(reduced(formula, link, data, weights, offset))
    # The adjusted scores at the estimate are zero.
    if (!isTRUE(max(abs(fit$grad[names(coef(fit))])) < 1e-7)) {
      message(table, ", ", case, ", ", link, ": brglm2 does not converge, left out")
      next
    }
    found <- summary(fit)$coefficients
    add(table, case, link, sub("(Intercept)", "intercept", rownames(found), fixed = TRUE), found[, 1], found[, 2])
    add(table, case, link, "log_likelihood", as.numeric(logLik(fit)))
    add(table, case, link, "aic", AIC(fit))
  }
}

endometrial <- read("endometrial")
record("endometrial", "plain", HG ~ NV + PI + EH, endometrial)
record("endometrial", "no intercept", HG ~ NV + PI + EH - 1, endometrial)
# The log-log link is the complementary log-log of the other class, with the signs changed.
record("endometrial", "other class", I(1 - HG) ~ NV + PI + EH, endometrial)

beetles <- read("beetles")
beetles$share <- beetles$killed / beetles$n
record("beetles", "grouped", share ~ log10_dose, beetles, beetles$n)
budworm <- read("budworm")
budworm$share <- budworm$killed / budworm$n
record("budworm", "grouped", share ~ male + log2_dose, budworm, budworm$n, 0.1 * budworm$log2_dose^2)

spector <- read("spector")
birthwt <- read("birthwt")
for (case in c("plain", "weighted", "offset", "weighted and offset")) {
  # What the test computes too: weights 1, 2, 3, 1, … and an offset that swings from -½ to ½.
  w <- function(data) if (grepl("weighted", case)) 1 + (seq_len(nrow(data)) - 1) %% 3 else rep(1, nrow(data))
  o <- function(data) if (grepl("offset", case)) ((seq_len(nrow(data)) - 1) %% 5) / 4 - 0.5 else rep(0, nrow(data))
  record("spector", case, GRADE ~ GPA + TUCE + PSI, spector, w(spector), o(spector))
  record("birthwt", case, low ~ age + lwt + smoke + ptl + ht + ui, birthwt, w(birthwt), o(birthwt))
}
# Rare events: 16 defaults among 500 persons.
rare <- read("default")[1:500, ]
record("default", "rare", default ~ balance + income + student, rare)

fit <- reduced(HG ~ NV + PI + EH, "logit", endometrial, rep(1, 79), rep(0, 79))
first <- seq_len(5)
for (name in c("hatvalues", "cooks.distance")) {
  add("endometrial", "influence", "logit", paste(name, first), get(name)(fit)[first])
}
for (type in c("pearson", "deviance")) {
  add("endometrial", "influence", "logit", paste(type, first), residuals(fit, type = type)[first])
}
robust <- sandwich::sandwich(fit)
add("endometrial", "sandwich", "logit", sub("(Intercept)", "intercept", rownames(robust), fixed = TRUE), coef(fit), sqrt(diag(robust)))

con <- file(file.path("tests", "data", "r_brglm2.csv"), "w")
writeLines(paste0("# ", R.version.string, ", brglm2 ", packageVersion("brglm2"), " - written by tests/r_brglm2.R"), con)
write.csv(do.call(rbind, recorded), con, row.names = FALSE, quote = FALSE)
close(con)
