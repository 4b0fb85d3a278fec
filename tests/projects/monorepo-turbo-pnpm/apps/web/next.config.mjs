export default { transpilePackages: ['@clubhouse/db'] }
