import { render } from 'preact'
import { toKilos } from '@orchard/units'

const api = import.meta.env.VITE_SERVER

function App() {
  return <p title={api}>A crate is {toKilos({ crates: 1 })} kg</p>
}

render(<App />, document.getElementById('app'))
