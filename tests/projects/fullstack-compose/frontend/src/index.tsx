import { createResource, For } from 'solid-js'
import { render } from 'solid-js/web'

type Tool = { id: number; name: string; lent: boolean }

function App() {
  const [tools] = createResource<Tool[]>(async () => (await fetch('/api/tools')).json())
  return <ul><For each={tools()}>{(tool) => <li>{tool.name}{tool.lent ? ' (lent)' : ''}</li>}</For></ul>
}

render(() => <App />, document.getElementById('root')!)
