# Inference by R on the tables of tests/data, written to tests/data/r_inference.csv for
# test_r_inference.py: the R lines of the page "From summary(glm) to skneuron", and published
# examples. Run it by hand, in the repository:
#
#     Rscript tests/r_inference.R
#
# Columns: the example, the function of R, the term, the number, and its standard error, if any.

library(MASS)
library(nnet)
suppressMessages({
  library(car)
  library(sandwich)
})
read <- function(name) read.csv(file.path("tests", "data", paste0(name, ".csv")), comment.char = "#")
tight <- glm.control(epsilon = 1e-14, maxit = 100)
recorded <- list()
add <- function(example, name, term, value, error = NA) {
  recorded[[length(recorded) + 1]] <<- data.frame(
    example = example, `function` = name, term = gsub("(Intercept)", "intercept", term, fixed = TRUE),
    value = sprintf("%.10g", value), error = sprintf("%.10g", error), check.names = FALSE
  )
}

add_fit <- function(example, fit) {
  found <- summary(fit)$coefficients
  add(example, "summary", rownames(found), found[, 1], found[, 2])
  add(example, "summary", c("logLik", "AIC", "BIC"), c(logLik(fit), AIC(fit), BIC(fit)))
  # confint interpolates between refits, by default at ten values of each coefficient.
  ends <- suppressMessages(confint(profile(fit, del = 0.02, maxsteps = 1000)))
  add(example, "confint", paste(rownames(ends), "lower"), ends[, 1])
  add(example, "confint", paste(rownames(ends), "upper"), ends[, 2])
}

add_test <- function(example, name, term, table) {
  value <- unlist(table[2, , drop = TRUE])
  add(example, name, paste(term, c("statistic", "df", "p_value")), value)
}

# Hosmer & Lemeshow's births, as on the page.
births <- read("birthwt")
births$race <- factor(births$race)
fit <- glm(low ~ age + lwt + race + smoke + ptl + ht + ui, binomial, births, control = tight)
add_fit("birthwt", fit)
null <- glm(low ~ 1, binomial, births)
add("birthwt", "anova", "all statistic", deviance(null) - deviance(fit))
small <- glm(low ~ lwt + race + smoke + ht, binomial, births, control = tight)
for (test in c("Chisq", "Rao")) {
  table <- anova(small, fit, test = test)
  value <- if (test == "Rao") table$Rao[2] else table$Deviance[2]
  add("birthwt", "anova", paste(test, c("statistic", "df", "p_value")), c(value, table$Df[2], table[2, ncol(table)]))
}
for (hypotheses in list(c("age = 0", "ptl = 0", "ui = 0"), c("race2 = 0", "race3 = 0"), "race2 - race3 = 0")) {
  table <- linearHypothesis(fit, hypotheses, test = "Chisq")
  add("birthwt", "linearHypothesis", paste(length(hypotheses), hypotheses[1], c("statistic", "df", "p_value")), unlist(table[2, c("Chisq", "Df", "Pr(>Chisq)")]))
}
add("birthwt", "hatvalues", as.character(1:189), hatvalues(fit))
add("birthwt", "cooks.distance", as.character(1:189), cooks.distance(fit))
add("birthwt", "rstandard", as.character(1:189), rstandard(fit))
add("birthwt", "dfbeta ptl", as.character(1:189), dfbeta(fit)[, "ptl"])
mothers <- births[c(1, 21), ]
mothers$smoke <- 1
found <- predict(fit, mothers, se.fit = TRUE, type = "response")
add("birthwt", "predict", c("1", "21"), found$fit, found$se.fit)
z <- predict(fit, mothers, se.fit = TRUE)
add("birthwt", "predict", c("1 lower", "21 lower"), plogis(z$fit - qnorm(0.975) * z$se.fit))
# Clusters: mothers of the same age.
for (type in c("HC0", "HC1")) {
  robust <- vcovCL(fit, cluster = births$age, type = type, cadjust = TRUE)
  add("birthwt", paste("vcovCL", type), rownames(robust), coef(fit), sqrt(diag(robust)))
}
robust <- sandwich(fit)
add("birthwt", "sandwich", rownames(robust), coef(fit), sqrt(diag(robust)))

# Average slopes and changes from 0 to 1, by the method of the package margins, which is not needed:
# mean differences of predictions, and the delta method, all with numerical derivatives.
add_margins <- function(example, fit, data, terms) {
  beta <- coef(fit)
  changes <- function(coefficients, term, kind) {
    fit$coefficients[] <- coefficients
    step <- if (kind == "slope") 1e-4 * sd(data[[term]]) else 1
    high <- low <- data
    if (kind == "slope") {
      high[[term]] <- data[[term]] + step
      low[[term]] <- data[[term]] - step
      step <- 2 * step
    } else {
      high[[term]] <- 1
      low[[term]] <- 0
    }
    mean(predict(fit, high, type = "response") - predict(fit, low, type = "response")) / step
  }
  for (kind in c("slope", "0 to 1")) for (term in terms[[kind]]) {
    jacobian <- sapply(seq_along(beta), function(j) {
      step <- 1e-4 * sqrt(vcov(fit)[j, j])
      move <- replace(numeric(length(beta)), j, step)
      (changes(beta + move, term, kind) - changes(beta - move, term, kind)) / (2 * step)
    })
    error <- sqrt(drop(jacobian %*% vcov(fit) %*% jacobian))
    add(example, paste("margins", kind), term, changes(beta, term, kind), error)
  }
}
numeric_terms <- c("age", "lwt", "smoke", "ptl", "ht", "ui")
dummies <- c("smoke", "ht", "ui")
add_margins("birthwt", fit, births, list(slope = numeric_terms, "0 to 1" = dummies))

# Agresti's horseshoe crabs: at least one satellite, by width, and by color and width.
crabs <- read("crabs")
crabs$color <- factor(crabs$color, c("darker", "light", "medium", "dark"))
width <- glm(y ~ width, binomial, crabs, control = tight)
both <- glm(y ~ color + width, binomial, crabs, control = tight)
add_fit("crabs width", width)
add_fit("crabs color", both)
table <- anova(width, both, test = "Chisq")
add("crabs color", "anova", paste("Chisq", c("statistic", "df", "p_value")), c(table$Deviance[2], table$Df[2], table[2, ncol(table)]))

# Venables & Ripley: budworms, and R's help page of menarche.
budworm <- read("budworm")
add_fit("budworm", glm(cbind(killed, n - killed) ~ male + log2_dose, binomial, budworm, control = tight))
menarche <- read("menarche")
add_fit("menarche", glm(cbind(menarche, n - menarche) ~ age, binomial, menarche, control = tight))

# Softmax: Fox's women, and Agresti's alligators.
add_multinom <- function(example, formula, data, weights) {
  data$w <- weights
  fit <- multinom(formula, data, weights = w, Hess = TRUE, maxit = 10000, abstol = 0, reltol = 1e-15, trace = FALSE)
  found <- summary(fit)
  for (label in rownames(found$coefficients)) {
    add(example, "multinom", paste(label, colnames(found$coefficients)), found$coefficients[label, ], found$standard.errors[label, ])
  }
  add(example, "multinom", "deviance", fit$deviance)
}
women <- read("womenlf")
women$partic <- relevel(factor(women$partic), "not.work")
add_multinom("women", partic ~ hincome + children, women, rep(1, nrow(women)))
alligators <- read("alligators")
alligators$food <- relevel(factor(alligators$food), "fish")
alligators$small <- as.numeric(alligators$size == "small")
alligators$lake <- relevel(factor(alligators$lake), "George")
add_multinom("alligators", food ~ small + lake, alligators, alligators$count)

con <- file(file.path("tests", "data", "r_inference.csv"), "w")
versions <- sapply(c("nnet", "car", "sandwich"), function(name) paste(name, packageVersion(name)))
writeLines(paste0("# ", R.version.string, ", ", paste(versions, collapse = ", "), " - written by tests/r_inference.R"), con)
write.csv(do.call(rbind, recorded), con, row.names = FALSE, quote = FALSE)
close(con)
