package de.stadtgruen.trees;

import java.util.List;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.data.jpa.repository.JpaRepository;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RestController;

interface TreeRepository extends JpaRepository<Tree, Long> {}

@RestController
@RequestMapping("/trees")
class TreeController {
    private final TreeRepository trees;
    private final String photoDir;

    TreeController(TreeRepository trees, @Value("${register.photo-dir}") String photoDir) {
        this.trees = trees;
        this.photoDir = photoDir;
    }

    @GetMapping
    List<Tree> all() {
        return trees.findAll();
    }

    @GetMapping("/{id}/photo")
    String photo(@PathVariable long id) {
        return photoDir + "/" + id + ".jpg";
    }
}
