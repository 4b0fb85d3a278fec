import { useQuery } from '@tanstack/react-query'
import { useParams } from 'react-router-dom'
import { shifts } from './api'

export function Week() {
  const { number } = useParams()
  const { data } = useQuery({ queryKey: ['shifts', number], queryFn: () => shifts(Number(number)) })
  return <ol>{data?.map((shift) => <li key={shift.id}>{shift.person}</li>)}</ol>
}
