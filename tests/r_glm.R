# R's glm on the tables of tests/data: links, prior weights and offsets, written to
# tests/data/r_glm.csv for test_r_glm.py. Run it by hand, in the repository:
#
#     Rscript tests/r_glm.R
#
# Rows of R's output: one per coefficient, and one "deviance" per fit.

read <- function(name) read.csv(file.path("tests", "data", paste0(name, ".csv")), comment.char = "#")
links <- c("logit", "probit", "cloglog", "cauchit")
# glm stops when the deviance stands still, which is at half of a coefficient's digits.
one_step <- glm.control(maxit = 1)
recorded <- list()

record <- function(table, case, formula, data, weights = NULL, offset = NULL) {
  for (link in links) {
    data$case_weights <- if (is.null(weights)) rep(1, nrow(data)) else weights
    data$case_offset <- if (is.null(offset)) rep(0, nrow(data)) else offset
    step <- function(start, control = one_step) {
      suppressWarnings(glm(formula, binomial(link), data,
        weights = case_weights, offset = case_offset, start = start, control = control
      ))
    }
    fit <- step(NULL, glm.control(maxit = 1000))
    for (round in seq_len(2000)) {
      before <- coef(fit)
      fit <- step(before)
      settled <- max(abs(coef(fit) / before - 1)) < 1e-9
      if (settled) break
    }
    # Scoring may go round in circles: only what it repeats is recorded.
    if (!settled) {
      message(table, ", ", case, ", ", link, ": glm does not settle, left out")
      next
    }
    table_of_fit <- summary(fit)$coefficients
    recorded[[length(recorded) + 1]] <<- data.frame(
      table = table, case = case, link = link,
      term = c(sub("(Intercept)", "bias", rownames(table_of_fit), fixed = TRUE), "deviance"),
      value = sprintf("%.12g", c(table_of_fit[, 1], deviance(fit))),
      error = sprintf("%.12g", c(table_of_fit[, 2], NA))
    )
  }
}

beetles <- read("beetles")
beetles$share <- beetles$killed / beetles$n
record("beetles", "grouped", share ~ log10_dose, beetles, beetles$n)
record("beetles", "offset", share ~ log10_dose, beetles, beetles$n, 20 * (beetles$log10_dose - 1.8))
budworm <- read("budworm")
budworm$share <- budworm$killed / budworm$n
record("budworm", "grouped", share ~ male + log2_dose, budworm, budworm$n)
record("budworm", "offset", share ~ male + log2_dose, budworm, budworm$n, 0.1 * budworm$log2_dose^2)
menarche <- read("menarche")
menarche$share <- menarche$menarche / menarche$n
record("menarche", "grouped", share ~ age, menarche, menarche$n)

spector <- read("spector")
birthwt <- read("birthwt")
infert <- read("infert")
for (case in c("plain", "weighted", "offset", "weighted and offset")) {
  # What the test computes too: weights 1, 2, 3, 1, … and an offset that swings from -½ to ½.
  rows <- function(data, of) of(seq_len(nrow(data)))
  w <- function(data) if (grepl("weighted", case)) rows(data, function(i) 1 + (i - 1) %% 3)
  o <- function(data) if (grepl("offset", case)) rows(data, function(i) ((i - 1) %% 5) / 4 - 0.5)
  record("spector", case, GRADE ~ GPA + TUCE + PSI, spector, w(spector), o(spector))
  record("birthwt", case, low ~ age + lwt + smoke + ptl + ht + ui, birthwt, w(birthwt), o(birthwt))
  record("infert", case, case ~ spontaneous + induced, infert, w(infert), o(infert))
}

con <- file(file.path("tests", "data", "r_glm.csv"), "w")
writeLines(paste("#", R.version.string, "- written by tests/r_glm.R"), con)
write.csv(do.call(rbind, recorded), con, row.names = FALSE, quote = FALSE)
close(con)
