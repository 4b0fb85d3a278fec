plot_months <- function(rows) {
  ggplot(rows, aes(month, tons)) +
    geom_col(fill = "steelblue") +
    labs(x = NULL, y = "t")
}
