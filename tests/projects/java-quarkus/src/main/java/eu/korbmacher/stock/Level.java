package eu.korbmacher.stock;

import io.quarkus.hibernate.orm.panache.PanacheEntity;
import jakarta.persistence.Entity;

@Entity
public class Level extends PanacheEntity {
    public String article;
    public int pieces;
}
