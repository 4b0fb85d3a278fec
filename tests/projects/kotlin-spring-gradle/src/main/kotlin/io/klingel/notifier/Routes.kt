package io.klingel.notifier

import io.github.oshai.kotlinlogging.KotlinLogging
import org.springframework.context.annotation.Bean
import org.springframework.context.annotation.Configuration
import org.springframework.data.redis.core.ReactiveStringRedisTemplate
import org.springframework.web.reactive.function.server.ServerResponse
import org.springframework.web.reactive.function.server.bodyToMono
import org.springframework.web.reactive.function.server.router

private val log = KotlinLogging.logger {}

@Configuration
class Routes(private val redis: ReactiveStringRedisTemplate, private val properties: NotifierProperties) {
    @Bean
    fun api() = router {
        GET("/ping") { ServerResponse.ok().bodyValue("pong") }
        POST("/hooks/{channel}") { request ->
            if (request.headers().firstHeader("X-Secret") != properties.webhookSecret) {
                ServerResponse.status(401).build()
            } else {
                request.bodyToMono<String>()
                    .flatMap { redis.convertAndSend(request.pathVariable("channel"), it) }
                    .doOnNext { log.info { "told $it listeners" } }
                    .then(ServerResponse.accepted().build())
            }
        }
    }
}
