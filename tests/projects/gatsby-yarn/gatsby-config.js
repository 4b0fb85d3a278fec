require('dotenv').config({ path: `.env.${process.env.NODE_ENV}` })

module.exports = {
  siteMetadata: { title: 'Patterns', siteUrl: process.env.SITE_URL || 'http://localhost:8000' },
  plugins: [
    { resolve: 'gatsby-source-filesystem', options: { name: 'patterns', path: `${__dirname}/patterns` } },
    'gatsby-transformer-remark',
  ],
}
