import sorted from 'sorted-btree';

// The package is CommonJS with an ES default: Node gives the module, other loaders give the class itself.
type Module = typeof sorted;

/** A sorted map whose `clone()` costs nothing until one of the two is written to. */
export const BTree: Module['default'] = typeof sorted === 'function' ? sorted : sorted.default;

export type BTree<K, V> = InstanceType<typeof sorted.default<K, V>>;
