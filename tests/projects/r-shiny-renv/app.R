library(shiny)
library(DBI)
library(ggplot2)

con <- dbConnect(
  RPostgres::Postgres(),
  host = Sys.getenv("PGHOST", "localhost"),
  dbname = Sys.getenv("PGDATABASE", "catches"),
  user = Sys.getenv("PGUSER"),
  password = Sys.getenv("PGPASSWORD")
)

source("R/plots.R")

ui <- fluidPage(
  titlePanel("Catches"),
  sidebarLayout(
    sidebarPanel(selectInput("species", "Species", c("cod", "herring", "plaice"))),
    mainPanel(plotOutput("months"))
  )
)

server <- function(input, output, session) {
  output$months <- renderPlot({
    rows <- dbGetQuery(con, "select month, tons from catches where species = $1", params = list(input$species))
    plot_months(rows)
  })
}

shinyApp(ui, server, options = list(host = "0.0.0.0", port = 3838))
