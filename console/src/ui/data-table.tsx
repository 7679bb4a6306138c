import { tableFeatures, useTable, type ColumnDef } from '@tanstack/react-table'
import type { ReactNode } from 'react'

const features = tableFeatures({})

export type Columns<Row extends object> = ColumnDef<typeof features, Row>[]

type TableProps<Row extends object> = {
  /** What the table shows, for those who do not see it. */
  caption: string
  columns: Columns<Row>
  rows: Row[]
  rowKey: (row: Row) => string
}

/** Rows in columns; on a narrow screen each row is a card. */
export function DataTable<Row extends object>({ caption, columns, rows, rowKey }: TableProps<Row>) {
  const table = useTable({ features, columns, data: rows, getRowId: rowKey })
  return (
    <table className="table">
      <caption className="unseen">{caption}</caption>
      <thead>
        {table.getHeaderGroups().map((group) => (
          <tr key={group.id}>
            {group.headers.map((header) => (
              <th key={header.id} scope="col">
                <table.FlexRender header={header} />
              </th>
            ))}
          </tr>
        ))}
      </thead>
      <tbody>
        {table.getRowModel().rows.map((row) => (
          <tr key={row.id}>
            {row.getAllCells().map((cell) => (
              <td key={cell.id} data-label={cell.column.id === ACTIONS ? '' : cell.column.id}>
                <table.FlexRender cell={cell} />
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  )
}

/** The column of the buttons, which has no head that one sees. */
const ACTIONS = 'actions'

/** A column that shows something of each row; the one of the buttons has no header. */
export function column<Row extends object>(
  header: string,
  show: (row: Row) => ReactNode,
): Columns<Row>[number] {
  return {
    id: header || ACTIONS,
    header: header === '' ? () => <span className="unseen">Actions</span> : header,
    cell: ({ row }) => show(row.original),
  }
}
