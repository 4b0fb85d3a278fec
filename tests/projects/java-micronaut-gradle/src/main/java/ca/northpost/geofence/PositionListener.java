package ca.northpost.geofence;

import io.micronaut.configuration.kafka.annotation.KafkaListener;
import io.micronaut.configuration.kafka.annotation.Topic;

@KafkaListener(groupId = "geofence")
class PositionListener {
    @Topic("positions")
    void received(String position) {
        System.out.println(position);
    }
}
