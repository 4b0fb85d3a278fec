use lapin::{options::*, types::FieldTable, Connection, ConnectionProperties};
use messages::Resize;

#[tokio::main]
async fn main() {
    let amqp = std::env::var("AMQP_ADDR").expect("AMQP_ADDR");
    let out = std::env::var("OUTPUT_DIR").unwrap_or_else(|_| "/var/lib/resizer".into());
    let connection = Connection::connect(&amqp, ConnectionProperties::default()).await.unwrap();
    let channel = connection.create_channel().await.unwrap();
    channel.queue_declare("resize", QueueDeclareOptions::default(), FieldTable::default()).await.unwrap();
    while let Ok(Some(delivery)) = channel.basic_get("resize", BasicGetOptions::default()).await {
        let job = Resize::from_bytes(&delivery.data);
        println!("{} to {}px in {out}", job.url, job.width);
        delivery.ack(BasicAckOptions::default()).await.unwrap();
    }
}
