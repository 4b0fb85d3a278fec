package de.stadtgruen.trees;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;

@SpringBootApplication
public class TreeRegisterApplication {

    public static void main(String[] args) {
        SpringApplication.run(TreeRegisterApplication.class, args);
    }
}
