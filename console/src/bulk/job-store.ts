import { isFresh, type Job } from './job.ts'

/**
 * Where a job waits while its tab is closed: in this browser, for whoever began it. It holds addresses and what became
 * of them, and never a code. It is gone when the job is discarded, at sign-out, when another person signs in, and
 * after a day.
 */

const DATABASE = 'rescind-console'
const JOBS = 'jobs'

function open(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open(DATABASE, 1)
    opening.addEventListener('upgradeneeded', () => opening.result.createObjectStore(JOBS))
    opening.addEventListener('success', () => resolve(opening.result))
    opening.addEventListener('error', () => reject(new Error('This browser keeps nothing.')))
  })
}

async function inStore<Result>(
  mode: IDBTransactionMode,
  ask: (store: IDBObjectStore) => IDBRequest<Result>,
): Promise<Result> {
  const database = await open()
  try {
    const request = ask(database.transaction(JOBS, mode).objectStore(JOBS))
    return await new Promise<Result>((resolve, reject) => {
      request.addEventListener('success', () => resolve(request.result))
      request.addEventListener('error', () => reject(new Error('This browser keeps nothing.')))
    })
  } finally {
    database.close()
  }
}

export async function saveJob(owner: string, job: Job): Promise<void> {
  await inStore('readwrite', (store) => store.put(job, owner))
}

/** The job of this person, if one waits. */
export async function loadJob(owner: string, now: number): Promise<Job | undefined> {
  const job = (await inStore('readonly', (store) => store.get(owner))) as Job | undefined
  if (job === undefined || isFresh(job, now)) return job
  await forgetJobs()
  return undefined
}

/** Removes the jobs of everybody but this person: somebody else works at this desk now. */
export async function forgetJobsOfOthers(owner: string): Promise<void> {
  const owners = await inStore('readonly', (store) => store.getAllKeys())
  for (const other of owners) if (other !== owner) await inStore('readwrite', (store) => store.delete(other))
}

export async function forgetJobs(): Promise<void> {
  await inStore('readwrite', (store) => store.clear())
}
