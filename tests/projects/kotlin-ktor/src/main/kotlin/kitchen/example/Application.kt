package kitchen.example

import com.mongodb.kotlin.client.coroutine.MongoClient
import io.ktor.serialization.kotlinx.json.json
import io.ktor.server.application.Application
import io.ktor.server.application.install
import io.ktor.server.plugins.contentnegotiation.ContentNegotiation
import io.ktor.server.response.respond
import io.ktor.server.response.respondText
import io.ktor.server.routing.get
import io.ktor.server.routing.routing
import kotlinx.coroutines.flow.toList
import kotlinx.serialization.Serializable

@Serializable
data class Recipe(val title: String, val minutes: Int)

fun Application.module() {
    install(ContentNegotiation) { json() }
    val uri = environment.config.property("mongo.uri").getString()
    val recipes = MongoClient.create(uri).getDatabase("kitchen").getCollection<Recipe>("recipes")

    routing {
        get("/health") { call.respondText("up") }
        get("/recipes") { call.respond(recipes.find().toList()) }
    }
}
