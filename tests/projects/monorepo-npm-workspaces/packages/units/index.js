const CRATE = 18

exports.toKilos = ({ crates = 0, kilos = 0 }) => crates * CRATE + kilos
