import { graphql } from 'gatsby'
import * as React from 'react'

export default function Index({ data }) {
  return (
    <main>
      {data.allMarkdownRemark.nodes.map((node) => (
        <article key={node.id} dangerouslySetInnerHTML={{ __html: node.html }} />
      ))}
      <a href={process.env.GATSBY_SHOP_URL}>Yarn shop</a>
    </main>
  )
}

export const query = graphql`
  {
    allMarkdownRemark {
      nodes { id html }
    }
  }
`
