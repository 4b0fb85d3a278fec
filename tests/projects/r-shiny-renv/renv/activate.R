local({
  if (requireNamespace("renv", quietly = TRUE)) renv::load()
})
