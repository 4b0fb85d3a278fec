rootProject.name = "recipes"
