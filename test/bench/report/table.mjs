export function tableRow(cells) {
  return `| ${cells.join(' | ')} |`;
}
