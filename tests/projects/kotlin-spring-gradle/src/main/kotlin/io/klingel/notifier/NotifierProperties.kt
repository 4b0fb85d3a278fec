package io.klingel.notifier

import org.springframework.boot.context.properties.ConfigurationProperties

@ConfigurationProperties("notifier")
data class NotifierProperties(val webhookSecret: String)
