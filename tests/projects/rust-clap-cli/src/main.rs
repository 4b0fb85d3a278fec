use std::{error::Error, fs::File, io, path::PathBuf};

use clap::Parser;

/// Print only some columns of a CSV file.
#[derive(Parser)]
#[command(version)]
struct Args {
    /// Columns to keep, by name
    #[arg(short, long, value_delimiter = ',', required = true)]
    columns: Vec<String>,

    /// Field separator
    #[arg(short, long, env = "CSVCUT_DELIMITER", default_value = ",")]
    delimiter: char,

    file: PathBuf,
}

fn main() -> Result<(), Box<dyn Error>> {
    let args = Args::parse();
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(args.delimiter as u8)
        .from_reader(File::open(&args.file)?);
    let header = reader.headers()?.clone();
    let keep: Vec<usize> = args
        .columns
        .iter()
        .map(|name| header.iter().position(|h| h == name).ok_or_else(|| format!("no column {name}")))
        .collect::<Result<_, _>>()?;

    let mut writer = csv::Writer::from_writer(io::stdout());
    writer.write_record(keep.iter().map(|&i| &header[i]))?;
    for record in reader.records() {
        let record = record?;
        writer.write_record(keep.iter().map(|&i| &record[i]))?;
    }
    writer.flush()?;
    Ok(())
}
