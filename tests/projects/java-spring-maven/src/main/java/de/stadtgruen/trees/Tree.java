package de.stadtgruen.trees;

import jakarta.persistence.Entity;
import jakarta.persistence.GeneratedValue;
import jakarta.persistence.GenerationType;
import jakarta.persistence.Id;
import java.time.LocalDate;

@Entity
public class Tree {
    @Id
    @GeneratedValue(strategy = GenerationType.IDENTITY)
    private Long id;
    private String species;
    private LocalDate planted;

    public Long getId() { return id; }
    public String getSpecies() { return species; }
    public LocalDate getPlanted() { return planted; }
}
