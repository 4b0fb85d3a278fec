plugins {
    alias(libs.plugins.kotlin.jvm)
    alias(libs.plugins.kotlin.spring)
    alias(libs.plugins.spring.boot)
    alias(libs.plugins.spring.dependencies)
}

group = "io.klingel"
version = "1.2.0"

java {
    toolchain {
        languageVersion = JavaLanguageVersion.of(21)
    }
}

repositories {
    mavenCentral()
}

dependencies {
    implementation(libs.boot.webflux)
    implementation(libs.boot.redis)
    implementation(libs.jackson.kotlin)
    implementation(libs.kotlin.logging)
    testImplementation(libs.boot.test)
}

tasks.withType<Test> {
    useJUnitPlatform()
}
