/** Mutual TLS: each side proves who it is by a certificate. Everything is PEM. */
export interface MutualTls {
  /** Certificates of the authorities that sign those of nodes and clients. */
  readonly ca: string | Uint8Array;
  /** The certificate of this side, and what leads from it to the authority. */
  readonly cert: string | Uint8Array;
  readonly key: string | Uint8Array;
  /** The name that servers' certificates carry. Default: the host of their address. */
  readonly serverName?: string;
  /**
   * A peer's certificate has to name its node id, as its common name or as a DNS name; so has a server's, when a node id is asked for.
   * Default false: whoever has a certificate of the authority may be any node.
   */
  readonly verifyNodeIds?: boolean;
}

/** What is read of a certificate, as Node.js tells it. */
export interface CertificateNames {
  readonly subject?: { readonly CN?: string | string[] | undefined } | undefined;
  readonly subjectaltname?: string | undefined;
}

/** Why a certificate does not prove a node id; undefined when it does. */
export function refuseCertificate(certificate: CertificateNames | undefined, nodeId: string): string | undefined {
  const common = certificate?.subject?.CN ?? [];
  // A name with a comma or a quote in it stands in quotes, and so equals no node id.
  const alternative = (certificate?.subjectaltname ?? '').split(', ').filter((name) => name.startsWith('DNS:'));
  const names = [...(typeof common === 'string' ? [common] : common), ...alternative.map((name) => name.slice(4))];
  if (names.includes(nodeId)) return undefined;
  const found = names.length === 0 ? 'none' : names.map((name) => JSON.stringify(name)).join(', ');
  return `its certificate does not name node ${JSON.stringify(nodeId)} but ${found}`;
}
