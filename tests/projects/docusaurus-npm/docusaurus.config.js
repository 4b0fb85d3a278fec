// @ts-check
/** @type {import('@docusaurus/types').Config} */
const config = {
  title: 'Sensor handbook',
  url: process.env.SITE_URL || 'https://handbook.example.org',
  baseUrl: '/',
  onBrokenLinks: 'throw',
  presets: [['classic', { docs: { routeBasePath: '/', sidebarPath: './sidebars.js' }, blog: false }]],
};

export default config;
