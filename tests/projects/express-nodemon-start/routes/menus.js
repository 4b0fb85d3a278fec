const { Router } = require('express')
const Menu = require('../models/menu')

const router = Router()

router.get('/:day', async (req, res) => {
  const menu = await Menu.findOne({ day: req.params.day })
  if (!menu) return res.status(404).json({ error: 'no menu' })
  res.json(menu)
})

router.put('/:day', async (req, res) => {
  if (req.get('x-api-key') !== process.env.KITCHEN_API_KEY) return res.sendStatus(403)
  await Menu.updateOne({ day: req.params.day }, { dishes: req.body.dishes }, { upsert: true })
  res.sendStatus(204)
})

module.exports = router
