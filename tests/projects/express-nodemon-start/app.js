const express = require('express')
const cors = require('cors')
const mongoose = require('mongoose')
const menus = require('./routes/menus')

const app = express()

app.use(cors({ origin: process.env.CORS_ORIGIN || '*' }))
app.use(express.json())
app.use('/api/menus', menus)

app.get('/', (req, res) => {
  res.send('Lunch menu API')
})

mongoose
  .connect(process.env.MONGODB_URI)
  .then(() => {
    app.listen(process.env.PORT || 5050, () => {
      console.log('listening')
    })
  })
  .catch((err) => {
    console.error(err)
    process.exit(1)
  })
