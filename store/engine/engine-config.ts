/** What the embedded engine may take. */
export interface EngineLimits {
  /** All queries, inserts, merges and caches together, bytes. */
  readonly memoryBytesMax: number
  readonly mergeThreads: number
}

const escapeXml = (text: string): string => text.replace(/[<>&'"]/g, (c) => `&#${c.codePointAt(0)};`)

/**
 * The engine's server configuration, XML. It holds no key: that comes beside it, in this process's memory only (engine/open-engine.ts).
 * `encrypted` decides the default storage policy of every MergeTree table. Nothing here names a directory outside `directory`.
 */
export const engineConfigXml = (directory: string, encrypted: boolean, limits: EngineLimits): string => {
  const disk = encrypted
    ? `<sealed><type>encrypted</type><disk>plain</disk><path>sealed/</path><algorithm>AES_256_CTR</algorithm></sealed>`
    : ''
  return `<clickhouse>
  <storage_configuration>
    <disks>
      <plain><type>local</type><path>${escapeXml(directory)}/tables/</path></plain>
      ${disk}
    </disks>
    <policies><wardwatch><volumes><main><disk>${encrypted ? 'sealed' : 'plain'}</disk></main></volumes></wardwatch></policies>
  </storage_configuration>
  <merge_tree><storage_policy>wardwatch</storage_policy></merge_tree>
  <user_files_path>${escapeXml(directory)}/no-user-files/</user_files_path>
  <max_server_memory_usage>${limits.memoryBytesMax}</max_server_memory_usage>
  <mark_cache_size>33554432</mark_cache_size>
  <uncompressed_cache_size>0</uncompressed_cache_size>
  <index_mark_cache_size>4194304</index_mark_cache_size>
  <index_uncompressed_cache_size>0</index_uncompressed_cache_size>
  <query_cache><max_size_in_bytes>0</max_size_in_bytes></query_cache>
  <query_condition_cache_size>1048576</query_condition_cache_size>
  <mmap_cache_size>16</mmap_cache_size>
  <max_thread_pool_size>100</max_thread_pool_size>
  <max_thread_pool_free_size>8</max_thread_pool_free_size>
  <background_pool_size>${limits.mergeThreads}</background_pool_size>
  <background_merges_mutations_concurrency_ratio>2</background_merges_mutations_concurrency_ratio>
  <background_schedule_pool_size>4</background_schedule_pool_size>
  <background_common_pool_size>2</background_common_pool_size>
  <background_move_pool_size>1</background_move_pool_size>
  <background_fetches_pool_size>1</background_fetches_pool_size>
  <background_buffer_flush_schedule_pool_size>1</background_buffer_flush_schedule_pool_size>
  <background_message_broker_schedule_pool_size>1</background_message_broker_schedule_pool_size>
  <background_distributed_schedule_pool_size>1</background_distributed_schedule_pool_size>
  <tables_loader_foreground_pool_size>2</tables_loader_foreground_pool_size>
  <tables_loader_background_pool_size>1</tables_loader_background_pool_size>
</clickhouse>
`
}
