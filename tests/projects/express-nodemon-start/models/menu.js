const mongoose = require('mongoose')

const schema = new mongoose.Schema({
  day: { type: String, unique: true },
  dishes: [String],
})

module.exports = mongoose.model('Menu', schema)
