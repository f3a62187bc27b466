/** サイト自身のテキスト(日本語)。キーと `{name}` は en.ts と同じです。 */
import type { Strings } from "./table.ts"

const script: Strings["script"] = {
  "state.waiting": "待機中",
  "state.running": "実行中…",
  "state.same": "公開時の出力と同じ",
  "state.differs": "公開時の出力と異なる",
  "state.ran": "実行済み",
  "state.failed": "失敗",
  "state.stopped": "停止",
  "state.stale": "要再実行: 上のセルが変更されました",
  "state.edited": "編集済み",
  "cell.editor": "セル {id} のコード",
  "cell.output": "セル {id} の出力",
  "cell.outputs": "セル {id} の出力 {n}",
  "edits.unreadable": "アドレスの末尾にある編集内容を読み取れません",
  "edits.opened":
    "このアドレスには {count} 個のセルの編集内容が含まれています{version}{lost}。実行する前に内容を確認してください。",
  "edits.version": "(podwire {version} で作成)",
  "edits.lost": "。ほかに、このページにないセルの編集が {count} 個あります",
  "edits.shared": "{count} 個のセルの編集内容をアドレスに含めました",
  "edits.copied": "{count} 個のセルの編集内容をアドレスに含め、クリップボードにコピーしました",
  "run.reset": "公開時の状態に戻しました",
  "run.stopped": "停止しました。上のセルは次の実行時にもう一度実行されます",
  "run.running": "{id} を実行中",
  "run.failed": "セル {id} が失敗しました",
  "run.same": "{count} 個のセルすべての出力が、公開時の出力と1バイトも違わず一致しました",
  "run.some": "{all} 個のうち {ran} 個のセルを実行し、{same} 個が公開時の出力と一致しました",
  "shell.ended": "シェルが終了コード {code} で終了しました。もう一度使うにはページを再読み込みしてください。",
  "code.scrolls": "コード、横にスクロールできます",
  "search.unavailable": "索引を読み込めませんでした。検索はビルド済みのサイトで使えます。",
  "search.nothing": "「{text}」は見つかりませんでした",
  "search.one": "1 件",
  "search.many": "{count} 件",
}

export const JA: Strings = { script }
