package de.stadtgruen.trees;

import org.junit.jupiter.api.Test;
import org.springframework.boot.test.context.SpringBootTest;

@SpringBootTest
class TreeRegisterApplicationTests {
    @Test
    void contextLoads() {}
}
