import type { Logger } from '../logger.js';
import type { NodeEvents } from './api.js';

type Listeners = { [Name in keyof NodeEvents]?: Set<(event: NodeEvents[Name]) => void> };

/** Typed events. A listener that throws is logged and harms nobody. */
export class Events {
  readonly #listeners: Listeners = {};
  readonly #logger: Logger;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  on<Name extends keyof NodeEvents>(name: Name, listener: (event: NodeEvents[Name]) => void): () => void {
    const listeners: Set<(event: NodeEvents[Name]) => void> = this.#listeners[name] ?? new Set();
    (this.#listeners as Record<Name, typeof listeners>)[name] = listeners;
    listeners.add(listener);
    return () => void listeners.delete(listener);
  }

  emit<Name extends keyof NodeEvents>(name: Name, event: NodeEvents[Name]): void {
    for (const listener of this.#listeners[name] ?? []) {
      try {
        const result: unknown = listener(event);
        if (result instanceof Promise) result.catch((error: unknown) => this.#threw(name, error));
      } catch (error) {
        this.#threw(name, error);
      }
    }
  }

  #threw(name: string, error: unknown): void {
    this.#logger('error', `a listener of '${name}' threw`, { error });
  }
}
