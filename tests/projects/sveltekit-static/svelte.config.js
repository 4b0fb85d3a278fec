import adapter from '@sveltejs/adapter-static';

export default {
  kit: {
    adapter: adapter({ pages: 'public_html', assets: 'public_html', fallback: undefined }),
    paths: { base: process.env.BASE_PATH ?? '' },
  },
};
