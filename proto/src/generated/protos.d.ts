import * as $protobuf from "protobufjs";

/** Namespace raft. */
export namespace raft {

    /** Namespace v1. */
    namespace v1 {

        /**
         * Properties of an Envelope.
         * @deprecated Use raft.v1.Envelope.$Properties instead.
         */
        interface IEnvelope extends raft.v1.Envelope.$Properties {
        }

        /** Represents an Envelope. */
        class Envelope {

            /**
             * Constructs a new Envelope.
             * @param [properties] Properties to set
             */
            constructor(properties?: raft.v1.Envelope.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Envelope version. */
            version: number;

            /** Envelope groupId. */
            groupId: string;

            /** Envelope messages. */
            messages: raft.v1.Message.$Properties[];

            /**
             * Encodes the specified Envelope message. Does not implicitly {@link raft.v1.Envelope.verify|verify} messages.
             * @param message Envelope message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: raft.v1.Envelope.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes an Envelope message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {raft.v1.Envelope & raft.v1.Envelope.$Shape} Envelope
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): raft.v1.Envelope & raft.v1.Envelope.$Shape;
        }

        namespace Envelope {

            /** Properties of an Envelope. */
            interface $Properties {

                /** Envelope version */
                version?: (number|null);

                /** Envelope groupId */
                groupId?: (string|null);

                /** Envelope messages */
                messages?: (raft.v1.Message.$Properties[]|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of an Envelope. */
            type $Shape = {
              version?: number|null;
              groupId?: string|null;
              messages?: raft.v1.Message.$Shape[]|null;
              $unknowns?: Uint8Array[];
            };
        }

        /**
         * Properties of a Message.
         * @deprecated Use raft.v1.Message.$Properties instead.
         */
        interface IMessage extends raft.v1.Message.$Properties {
        }

        /** Represents a Message. */
        class Message {

            /**
             * Constructs a new Message.
             * @param [properties] Properties to set
             */
            constructor(properties?: raft.v1.Message.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Message from. */
            from: string;

            /** Message to. */
            to: string;

            /** Message term. */
            term: number;

            /** Message requestVote. */
            requestVote?: (raft.v1.RequestVote.$Properties|null);

            /** Message requestVoteResponse. */
            requestVoteResponse?: (raft.v1.RequestVoteResponse.$Properties|null);

            /** Message appendEntries. */
            appendEntries?: (raft.v1.AppendEntries.$Properties|null);

            /** Message appendEntriesResponse. */
            appendEntriesResponse?: (raft.v1.AppendEntriesResponse.$Properties|null);

            /** Message installSnapshot. */
            installSnapshot?: (raft.v1.InstallSnapshot.$Properties|null);

            /** Message installSnapshotResponse. */
            installSnapshotResponse?: (raft.v1.InstallSnapshotResponse.$Properties|null);

            /** Message timeoutNow. */
            timeoutNow?: (raft.v1.TimeoutNow.$Properties|null);

            /** Message readIndex. */
            readIndex?: (raft.v1.ReadIndex.$Properties|null);

            /** Message readIndexResponse. */
            readIndexResponse?: (raft.v1.ReadIndexResponse.$Properties|null);

            /** Message propose. */
            propose?: (raft.v1.Propose.$Properties|null);

            /** Message proposeResponse. */
            proposeResponse?: (raft.v1.ProposeResponse.$Properties|null);

            /** Message body. */
            body?: ("requestVote"|"requestVoteResponse"|"appendEntries"|"appendEntriesResponse"|"installSnapshot"|"installSnapshotResponse"|"timeoutNow"|"readIndex"|"readIndexResponse"|"propose"|"proposeResponse");

            /**
             * Encodes the specified Message message. Does not implicitly {@link raft.v1.Message.verify|verify} messages.
             * @param message Message message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: raft.v1.Message.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Message message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {raft.v1.Message & raft.v1.Message.$Shape} Message
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): raft.v1.Message & raft.v1.Message.$Shape;
        }

        namespace Message {

            /** Properties of a Message. */
            interface $Properties {

                /** Message from */
                from?: (string|null);

                /** Message to */
                to?: (string|null);

                /** Message term */
                term?: (number|null);

                /** Message requestVote */
                requestVote?: (raft.v1.RequestVote.$Properties|null);

                /** Message requestVoteResponse */
                requestVoteResponse?: (raft.v1.RequestVoteResponse.$Properties|null);

                /** Message appendEntries */
                appendEntries?: (raft.v1.AppendEntries.$Properties|null);

                /** Message appendEntriesResponse */
                appendEntriesResponse?: (raft.v1.AppendEntriesResponse.$Properties|null);

                /** Message installSnapshot */
                installSnapshot?: (raft.v1.InstallSnapshot.$Properties|null);

                /** Message installSnapshotResponse */
                installSnapshotResponse?: (raft.v1.InstallSnapshotResponse.$Properties|null);

                /** Message timeoutNow */
                timeoutNow?: (raft.v1.TimeoutNow.$Properties|null);

                /** Message readIndex */
                readIndex?: (raft.v1.ReadIndex.$Properties|null);

                /** Message readIndexResponse */
                readIndexResponse?: (raft.v1.ReadIndexResponse.$Properties|null);

                /** Message propose */
                propose?: (raft.v1.Propose.$Properties|null);

                /** Message proposeResponse */
                proposeResponse?: (raft.v1.ProposeResponse.$Properties|null);

                /** Message body */
                body?: ("requestVote"|"requestVoteResponse"|"appendEntries"|"appendEntriesResponse"|"installSnapshot"|"installSnapshotResponse"|"timeoutNow"|"readIndex"|"readIndexResponse"|"propose"|"proposeResponse");

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Narrowed shape of a Message. */
            type $Shape = {
              from?: string|null;
              to?: string|null;
              term?: number|null;
              requestVote?: raft.v1.RequestVote.$Shape|null;
              requestVoteResponse?: raft.v1.RequestVoteResponse.$Shape|null;
              appendEntries?: raft.v1.AppendEntries.$Shape|null;
              appendEntriesResponse?: raft.v1.AppendEntriesResponse.$Shape|null;
              installSnapshot?: raft.v1.InstallSnapshot.$Shape|null;
              installSnapshotResponse?: raft.v1.InstallSnapshotResponse.$Shape|null;
              timeoutNow?: raft.v1.TimeoutNow.$Shape|null;
              readIndex?: raft.v1.ReadIndex.$Shape|null;
              readIndexResponse?: raft.v1.ReadIndexResponse.$Shape|null;
              propose?: raft.v1.Propose.$Shape|null;
              proposeResponse?: raft.v1.ProposeResponse.$Shape|null;
              $unknowns?: Uint8Array[];
            } & (
              ({ body?: undefined; requestVote?: null; requestVoteResponse?: null; appendEntries?: null; appendEntriesResponse?: null; installSnapshot?: null; installSnapshotResponse?: null; timeoutNow?: null; readIndex?: null; readIndexResponse?: null; propose?: null; proposeResponse?: null }|{ body?: "requestVote"; requestVote: raft.v1.RequestVote.$Shape; requestVoteResponse?: null; appendEntries?: null; appendEntriesResponse?: null; installSnapshot?: null; installSnapshotResponse?: null; timeoutNow?: null; readIndex?: null; readIndexResponse?: null; propose?: null; proposeResponse?: null }|{ body?: "requestVoteResponse"; requestVote?: null; requestVoteResponse: raft.v1.RequestVoteResponse.$Shape; appendEntries?: null; appendEntriesResponse?: null; installSnapshot?: null; installSnapshotResponse?: null; timeoutNow?: null; readIndex?: null; readIndexResponse?: null; propose?: null; proposeResponse?: null }|{ body?: "appendEntries"; requestVote?: null; requestVoteResponse?: null; appendEntries: raft.v1.AppendEntries.$Shape; appendEntriesResponse?: null; installSnapshot?: null; installSnapshotResponse?: null; timeoutNow?: null; readIndex?: null; readIndexResponse?: null; propose?: null; proposeResponse?: null }|{ body?: "appendEntriesResponse"; requestVote?: null; requestVoteResponse?: null; appendEntries?: null; appendEntriesResponse: raft.v1.AppendEntriesResponse.$Shape; installSnapshot?: null; installSnapshotResponse?: null; timeoutNow?: null; readIndex?: null; readIndexResponse?: null; propose?: null; proposeResponse?: null }|{ body?: "installSnapshot"; requestVote?: null; requestVoteResponse?: null; appendEntries?: null; appendEntriesResponse?: null; installSnapshot: raft.v1.InstallSnapshot.$Shape; installSnapshotResponse?: null; timeoutNow?: null; readIndex?: null; readIndexResponse?: null; propose?: null; proposeResponse?: null }|{ body?: "installSnapshotResponse"; requestVote?: null; requestVoteResponse?: null; appendEntries?: null; appendEntriesResponse?: null; installSnapshot?: null; installSnapshotResponse: raft.v1.InstallSnapshotResponse.$Shape; timeoutNow?: null; readIndex?: null; readIndexResponse?: null; propose?: null; proposeResponse?: null }|{ body?: "timeoutNow"; requestVote?: null; requestVoteResponse?: null; appendEntries?: null; appendEntriesResponse?: null; installSnapshot?: null; installSnapshotResponse?: null; timeoutNow: raft.v1.TimeoutNow.$Shape; readIndex?: null; readIndexResponse?: null; propose?: null; proposeResponse?: null }|{ body?: "readIndex"; requestVote?: null; requestVoteResponse?: null; appendEntries?: null; appendEntriesResponse?: null; installSnapshot?: null; installSnapshotResponse?: null; timeoutNow?: null; readIndex: raft.v1.ReadIndex.$Shape; readIndexResponse?: null; propose?: null; proposeResponse?: null }|{ body?: "readIndexResponse"; requestVote?: null; requestVoteResponse?: null; appendEntries?: null; appendEntriesResponse?: null; installSnapshot?: null; installSnapshotResponse?: null; timeoutNow?: null; readIndex?: null; readIndexResponse: raft.v1.ReadIndexResponse.$Shape; propose?: null; proposeResponse?: null }|{ body?: "propose"; requestVote?: null; requestVoteResponse?: null; appendEntries?: null; appendEntriesResponse?: null; installSnapshot?: null; installSnapshotResponse?: null; timeoutNow?: null; readIndex?: null; readIndexResponse?: null; propose: raft.v1.Propose.$Shape; proposeResponse?: null }|{ body?: "proposeResponse"; requestVote?: null; requestVoteResponse?: null; appendEntries?: null; appendEntriesResponse?: null; installSnapshot?: null; installSnapshotResponse?: null; timeoutNow?: null; readIndex?: null; readIndexResponse?: null; propose?: null; proposeResponse: raft.v1.ProposeResponse.$Shape })
            );
        }

        /**
         * Properties of a RequestVote.
         * @deprecated Use raft.v1.RequestVote.$Properties instead.
         */
        interface IRequestVote extends raft.v1.RequestVote.$Properties {
        }

        /** Represents a RequestVote. */
        class RequestVote {

            /**
             * Constructs a new RequestVote.
             * @param [properties] Properties to set
             */
            constructor(properties?: raft.v1.RequestVote.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** RequestVote preVote. */
            preVote: boolean;

            /** RequestVote transfer. */
            transfer: boolean;

            /** RequestVote lastLogIndex. */
            lastLogIndex: number;

            /** RequestVote lastLogTerm. */
            lastLogTerm: number;

            /** RequestVote storeId. */
            storeId: string;

            /**
             * Encodes the specified RequestVote message. Does not implicitly {@link raft.v1.RequestVote.verify|verify} messages.
             * @param message RequestVote message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: raft.v1.RequestVote.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a RequestVote message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {raft.v1.RequestVote & raft.v1.RequestVote.$Shape} RequestVote
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): raft.v1.RequestVote & raft.v1.RequestVote.$Shape;
        }

        namespace RequestVote {

            /** Properties of a RequestVote. */
            interface $Properties {

                /** RequestVote preVote */
                preVote?: (boolean|null);

                /** RequestVote transfer */
                transfer?: (boolean|null);

                /** RequestVote lastLogIndex */
                lastLogIndex?: (number|null);

                /** RequestVote lastLogTerm */
                lastLogTerm?: (number|null);

                /** RequestVote storeId */
                storeId?: (string|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a RequestVote. */
            type $Shape = raft.v1.RequestVote.$Properties;
        }

        /**
         * Properties of a RequestVoteResponse.
         * @deprecated Use raft.v1.RequestVoteResponse.$Properties instead.
         */
        interface IRequestVoteResponse extends raft.v1.RequestVoteResponse.$Properties {
        }

        /** Represents a RequestVoteResponse. */
        class RequestVoteResponse {

            /**
             * Constructs a new RequestVoteResponse.
             * @param [properties] Properties to set
             */
            constructor(properties?: raft.v1.RequestVoteResponse.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** RequestVoteResponse preVote. */
            preVote: boolean;

            /** RequestVoteResponse granted. */
            granted: boolean;

            /** RequestVoteResponse storeId. */
            storeId: string;

            /**
             * Encodes the specified RequestVoteResponse message. Does not implicitly {@link raft.v1.RequestVoteResponse.verify|verify} messages.
             * @param message RequestVoteResponse message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: raft.v1.RequestVoteResponse.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a RequestVoteResponse message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {raft.v1.RequestVoteResponse & raft.v1.RequestVoteResponse.$Shape} RequestVoteResponse
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): raft.v1.RequestVoteResponse & raft.v1.RequestVoteResponse.$Shape;
        }

        namespace RequestVoteResponse {

            /** Properties of a RequestVoteResponse. */
            interface $Properties {

                /** RequestVoteResponse preVote */
                preVote?: (boolean|null);

                /** RequestVoteResponse granted */
                granted?: (boolean|null);

                /** RequestVoteResponse storeId */
                storeId?: (string|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a RequestVoteResponse. */
            type $Shape = raft.v1.RequestVoteResponse.$Properties;
        }

        /**
         * Properties of an AppendEntries.
         * @deprecated Use raft.v1.AppendEntries.$Properties instead.
         */
        interface IAppendEntries extends raft.v1.AppendEntries.$Properties {
        }

        /** Represents an AppendEntries. */
        class AppendEntries {

            /**
             * Constructs a new AppendEntries.
             * @param [properties] Properties to set
             */
            constructor(properties?: raft.v1.AppendEntries.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** AppendEntries prevLogIndex. */
            prevLogIndex: number;

            /** AppendEntries prevLogTerm. */
            prevLogTerm: number;

            /** AppendEntries leaderCommit. */
            leaderCommit: number;

            /** AppendEntries round. */
            round: number;

            /** AppendEntries entries. */
            entries: Uint8Array;

            /** AppendEntries quiesce. */
            quiesce: boolean;

            /**
             * Encodes the specified AppendEntries message. Does not implicitly {@link raft.v1.AppendEntries.verify|verify} messages.
             * @param message AppendEntries message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: raft.v1.AppendEntries.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes an AppendEntries message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {raft.v1.AppendEntries & raft.v1.AppendEntries.$Shape} AppendEntries
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): raft.v1.AppendEntries & raft.v1.AppendEntries.$Shape;
        }

        namespace AppendEntries {

            /** Properties of an AppendEntries. */
            interface $Properties {

                /** AppendEntries prevLogIndex */
                prevLogIndex?: (number|null);

                /** AppendEntries prevLogTerm */
                prevLogTerm?: (number|null);

                /** AppendEntries leaderCommit */
                leaderCommit?: (number|null);

                /** AppendEntries round */
                round?: (number|null);

                /** AppendEntries entries */
                entries?: (Uint8Array|null);

                /** AppendEntries quiesce */
                quiesce?: (boolean|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of an AppendEntries. */
            type $Shape = raft.v1.AppendEntries.$Properties;
        }

        /**
         * Properties of an AppendEntriesResponse.
         * @deprecated Use raft.v1.AppendEntriesResponse.$Properties instead.
         */
        interface IAppendEntriesResponse extends raft.v1.AppendEntriesResponse.$Properties {
        }

        /** Represents an AppendEntriesResponse. */
        class AppendEntriesResponse {

            /**
             * Constructs a new AppendEntriesResponse.
             * @param [properties] Properties to set
             */
            constructor(properties?: raft.v1.AppendEntriesResponse.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** AppendEntriesResponse round. */
            round: number;

            /** AppendEntriesResponse matchIndex. */
            matchIndex: number;

            /** AppendEntriesResponse rejection. */
            rejection?: (raft.v1.Rejection.$Properties|null);

            /** AppendEntriesResponse storeId. */
            storeId: string;

            /** AppendEntriesResponse priority. */
            priority: number;

            /**
             * Encodes the specified AppendEntriesResponse message. Does not implicitly {@link raft.v1.AppendEntriesResponse.verify|verify} messages.
             * @param message AppendEntriesResponse message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: raft.v1.AppendEntriesResponse.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes an AppendEntriesResponse message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {raft.v1.AppendEntriesResponse & raft.v1.AppendEntriesResponse.$Shape} AppendEntriesResponse
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): raft.v1.AppendEntriesResponse & raft.v1.AppendEntriesResponse.$Shape;
        }

        namespace AppendEntriesResponse {

            /** Properties of an AppendEntriesResponse. */
            interface $Properties {

                /** AppendEntriesResponse round */
                round?: (number|null);

                /** AppendEntriesResponse matchIndex */
                matchIndex?: (number|null);

                /** AppendEntriesResponse rejection */
                rejection?: (raft.v1.Rejection.$Properties|null);

                /** AppendEntriesResponse storeId */
                storeId?: (string|null);

                /** AppendEntriesResponse priority */
                priority?: (number|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of an AppendEntriesResponse. */
            type $Shape = raft.v1.AppendEntriesResponse.$Properties;
        }

        /**
         * Properties of a Rejection.
         * @deprecated Use raft.v1.Rejection.$Properties instead.
         */
        interface IRejection extends raft.v1.Rejection.$Properties {
        }

        /** Represents a Rejection. */
        class Rejection {

            /**
             * Constructs a new Rejection.
             * @param [properties] Properties to set
             */
            constructor(properties?: raft.v1.Rejection.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Rejection prevLogIndex. */
            prevLogIndex: number;

            /** Rejection hintIndex. */
            hintIndex: number;

            /** Rejection hintTerm. */
            hintTerm: number;

            /**
             * Encodes the specified Rejection message. Does not implicitly {@link raft.v1.Rejection.verify|verify} messages.
             * @param message Rejection message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: raft.v1.Rejection.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Rejection message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {raft.v1.Rejection & raft.v1.Rejection.$Shape} Rejection
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): raft.v1.Rejection & raft.v1.Rejection.$Shape;
        }

        namespace Rejection {

            /** Properties of a Rejection. */
            interface $Properties {

                /** Rejection prevLogIndex */
                prevLogIndex?: (number|null);

                /** Rejection hintIndex */
                hintIndex?: (number|null);

                /** Rejection hintTerm */
                hintTerm?: (number|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a Rejection. */
            type $Shape = raft.v1.Rejection.$Properties;
        }

        /**
         * Properties of an InstallSnapshot.
         * @deprecated Use raft.v1.InstallSnapshot.$Properties instead.
         */
        interface IInstallSnapshot extends raft.v1.InstallSnapshot.$Properties {
        }

        /** Represents an InstallSnapshot. */
        class InstallSnapshot {

            /**
             * Constructs a new InstallSnapshot.
             * @param [properties] Properties to set
             */
            constructor(properties?: raft.v1.InstallSnapshot.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** InstallSnapshot round. */
            round: number;

            /** InstallSnapshot snapshot. */
            snapshot?: (raft.v1.SnapshotMeta.$Properties|null);

            /** InstallSnapshot streamId. */
            streamId: number;

            /** InstallSnapshot offset. */
            offset: number;

            /** InstallSnapshot data. */
            data: Uint8Array;

            /** InstallSnapshot checksum. */
            checksum: number;

            /** InstallSnapshot done. */
            done: boolean;

            /**
             * Encodes the specified InstallSnapshot message. Does not implicitly {@link raft.v1.InstallSnapshot.verify|verify} messages.
             * @param message InstallSnapshot message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: raft.v1.InstallSnapshot.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes an InstallSnapshot message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {raft.v1.InstallSnapshot & raft.v1.InstallSnapshot.$Shape} InstallSnapshot
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): raft.v1.InstallSnapshot & raft.v1.InstallSnapshot.$Shape;
        }

        namespace InstallSnapshot {

            /** Properties of an InstallSnapshot. */
            interface $Properties {

                /** InstallSnapshot round */
                round?: (number|null);

                /** InstallSnapshot snapshot */
                snapshot?: (raft.v1.SnapshotMeta.$Properties|null);

                /** InstallSnapshot streamId */
                streamId?: (number|null);

                /** InstallSnapshot offset */
                offset?: (number|null);

                /** InstallSnapshot data */
                data?: (Uint8Array|null);

                /** InstallSnapshot checksum */
                checksum?: (number|null);

                /** InstallSnapshot done */
                done?: (boolean|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of an InstallSnapshot. */
            type $Shape = raft.v1.InstallSnapshot.$Properties;
        }

        /**
         * Properties of an InstallSnapshotResponse.
         * @deprecated Use raft.v1.InstallSnapshotResponse.$Properties instead.
         */
        interface IInstallSnapshotResponse extends raft.v1.InstallSnapshotResponse.$Properties {
        }

        /** Represents an InstallSnapshotResponse. */
        class InstallSnapshotResponse {

            /**
             * Constructs a new InstallSnapshotResponse.
             * @param [properties] Properties to set
             */
            constructor(properties?: raft.v1.InstallSnapshotResponse.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** InstallSnapshotResponse round. */
            round: number;

            /** InstallSnapshotResponse streamId. */
            streamId: number;

            /** InstallSnapshotResponse index. */
            index: number;

            /** InstallSnapshotResponse offset. */
            offset: number;

            /** InstallSnapshotResponse outcome. */
            outcome: number;

            /** InstallSnapshotResponse storeId. */
            storeId: string;

            /**
             * Encodes the specified InstallSnapshotResponse message. Does not implicitly {@link raft.v1.InstallSnapshotResponse.verify|verify} messages.
             * @param message InstallSnapshotResponse message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: raft.v1.InstallSnapshotResponse.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes an InstallSnapshotResponse message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {raft.v1.InstallSnapshotResponse & raft.v1.InstallSnapshotResponse.$Shape} InstallSnapshotResponse
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): raft.v1.InstallSnapshotResponse & raft.v1.InstallSnapshotResponse.$Shape;
        }

        namespace InstallSnapshotResponse {

            /** Properties of an InstallSnapshotResponse. */
            interface $Properties {

                /** InstallSnapshotResponse round */
                round?: (number|null);

                /** InstallSnapshotResponse streamId */
                streamId?: (number|null);

                /** InstallSnapshotResponse index */
                index?: (number|null);

                /** InstallSnapshotResponse offset */
                offset?: (number|null);

                /** InstallSnapshotResponse outcome */
                outcome?: (number|null);

                /** InstallSnapshotResponse storeId */
                storeId?: (string|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of an InstallSnapshotResponse. */
            type $Shape = raft.v1.InstallSnapshotResponse.$Properties;
        }

        /**
         * Properties of a TimeoutNow.
         * @deprecated Use raft.v1.TimeoutNow.$Properties instead.
         */
        interface ITimeoutNow extends raft.v1.TimeoutNow.$Properties {
        }

        /** Represents a TimeoutNow. */
        class TimeoutNow {

            /**
             * Constructs a new TimeoutNow.
             * @param [properties] Properties to set
             */
            constructor(properties?: raft.v1.TimeoutNow.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /**
             * Encodes the specified TimeoutNow message. Does not implicitly {@link raft.v1.TimeoutNow.verify|verify} messages.
             * @param message TimeoutNow message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: raft.v1.TimeoutNow.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a TimeoutNow message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {raft.v1.TimeoutNow & raft.v1.TimeoutNow.$Shape} TimeoutNow
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): raft.v1.TimeoutNow & raft.v1.TimeoutNow.$Shape;
        }

        namespace TimeoutNow {

            /** Properties of a TimeoutNow. */
            interface $Properties {

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a TimeoutNow. */
            type $Shape = raft.v1.TimeoutNow.$Properties;
        }

        /**
         * Properties of a ReadIndex.
         * @deprecated Use raft.v1.ReadIndex.$Properties instead.
         */
        interface IReadIndex extends raft.v1.ReadIndex.$Properties {
        }

        /** Represents a ReadIndex. */
        class ReadIndex {

            /**
             * Constructs a new ReadIndex.
             * @param [properties] Properties to set
             */
            constructor(properties?: raft.v1.ReadIndex.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** ReadIndex id. */
            id: number;

            /** ReadIndex lease. */
            lease: boolean;

            /**
             * Encodes the specified ReadIndex message. Does not implicitly {@link raft.v1.ReadIndex.verify|verify} messages.
             * @param message ReadIndex message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: raft.v1.ReadIndex.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a ReadIndex message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {raft.v1.ReadIndex & raft.v1.ReadIndex.$Shape} ReadIndex
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): raft.v1.ReadIndex & raft.v1.ReadIndex.$Shape;
        }

        namespace ReadIndex {

            /** Properties of a ReadIndex. */
            interface $Properties {

                /** ReadIndex id */
                id?: (number|null);

                /** ReadIndex lease */
                lease?: (boolean|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a ReadIndex. */
            type $Shape = raft.v1.ReadIndex.$Properties;
        }

        /**
         * Properties of a ReadIndexResponse.
         * @deprecated Use raft.v1.ReadIndexResponse.$Properties instead.
         */
        interface IReadIndexResponse extends raft.v1.ReadIndexResponse.$Properties {
        }

        /** Represents a ReadIndexResponse. */
        class ReadIndexResponse {

            /**
             * Constructs a new ReadIndexResponse.
             * @param [properties] Properties to set
             */
            constructor(properties?: raft.v1.ReadIndexResponse.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** ReadIndexResponse id. */
            id: number;

            /** ReadIndexResponse index. */
            index?: (number|null);

            /**
             * Encodes the specified ReadIndexResponse message. Does not implicitly {@link raft.v1.ReadIndexResponse.verify|verify} messages.
             * @param message ReadIndexResponse message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: raft.v1.ReadIndexResponse.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a ReadIndexResponse message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {raft.v1.ReadIndexResponse & raft.v1.ReadIndexResponse.$Shape} ReadIndexResponse
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): raft.v1.ReadIndexResponse & raft.v1.ReadIndexResponse.$Shape;
        }

        namespace ReadIndexResponse {

            /** Properties of a ReadIndexResponse. */
            interface $Properties {

                /** ReadIndexResponse id */
                id?: (number|null);

                /** ReadIndexResponse index */
                index?: (number|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a ReadIndexResponse. */
            type $Shape = raft.v1.ReadIndexResponse.$Properties;
        }

        /**
         * Properties of a Propose.
         * @deprecated Use raft.v1.Propose.$Properties instead.
         */
        interface IPropose extends raft.v1.Propose.$Properties {
        }

        /** Represents a Propose. */
        class Propose {

            /**
             * Constructs a new Propose.
             * @param [properties] Properties to set
             */
            constructor(properties?: raft.v1.Propose.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Propose id. */
            id: number;

            /** Propose commands. */
            commands: Uint8Array;

            /**
             * Encodes the specified Propose message. Does not implicitly {@link raft.v1.Propose.verify|verify} messages.
             * @param message Propose message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: raft.v1.Propose.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Propose message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {raft.v1.Propose & raft.v1.Propose.$Shape} Propose
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): raft.v1.Propose & raft.v1.Propose.$Shape;
        }

        namespace Propose {

            /** Properties of a Propose. */
            interface $Properties {

                /** Propose id */
                id?: (number|null);

                /** Propose commands */
                commands?: (Uint8Array|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a Propose. */
            type $Shape = raft.v1.Propose.$Properties;
        }

        /**
         * Properties of a ProposeResponse.
         * @deprecated Use raft.v1.ProposeResponse.$Properties instead.
         */
        interface IProposeResponse extends raft.v1.ProposeResponse.$Properties {
        }

        /** Represents a ProposeResponse. */
        class ProposeResponse {

            /**
             * Constructs a new ProposeResponse.
             * @param [properties] Properties to set
             */
            constructor(properties?: raft.v1.ProposeResponse.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** ProposeResponse id. */
            id: number;

            /** ProposeResponse index. */
            index: number;

            /** ProposeResponse accepted. */
            accepted: number;

            /** ProposeResponse count. */
            count: number;

            /** ProposeResponse refusal. */
            refusal: number;

            /**
             * Encodes the specified ProposeResponse message. Does not implicitly {@link raft.v1.ProposeResponse.verify|verify} messages.
             * @param message ProposeResponse message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: raft.v1.ProposeResponse.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a ProposeResponse message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {raft.v1.ProposeResponse & raft.v1.ProposeResponse.$Shape} ProposeResponse
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): raft.v1.ProposeResponse & raft.v1.ProposeResponse.$Shape;
        }

        namespace ProposeResponse {

            /** Properties of a ProposeResponse. */
            interface $Properties {

                /** ProposeResponse id */
                id?: (number|null);

                /** ProposeResponse index */
                index?: (number|null);

                /** ProposeResponse accepted */
                accepted?: (number|null);

                /** ProposeResponse count */
                count?: (number|null);

                /** ProposeResponse refusal */
                refusal?: (number|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a ProposeResponse. */
            type $Shape = raft.v1.ProposeResponse.$Properties;
        }

        /**
         * Properties of a SnapshotMeta.
         * @deprecated Use raft.v1.SnapshotMeta.$Properties instead.
         */
        interface ISnapshotMeta extends raft.v1.SnapshotMeta.$Properties {
        }

        /** Represents a SnapshotMeta. */
        class SnapshotMeta {

            /**
             * Constructs a new SnapshotMeta.
             * @param [properties] Properties to set
             */
            constructor(properties?: raft.v1.SnapshotMeta.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** SnapshotMeta last. */
            last?: (raft.v1.LogPosition.$Properties|null);

            /** SnapshotMeta configuration. */
            configuration?: (raft.v1.Configuration.$Properties|null);

            /** SnapshotMeta configurationIndex. */
            configurationIndex: number;

            /**
             * Encodes the specified SnapshotMeta message. Does not implicitly {@link raft.v1.SnapshotMeta.verify|verify} messages.
             * @param message SnapshotMeta message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: raft.v1.SnapshotMeta.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a SnapshotMeta message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {raft.v1.SnapshotMeta & raft.v1.SnapshotMeta.$Shape} SnapshotMeta
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): raft.v1.SnapshotMeta & raft.v1.SnapshotMeta.$Shape;
        }

        namespace SnapshotMeta {

            /** Properties of a SnapshotMeta. */
            interface $Properties {

                /** SnapshotMeta last */
                last?: (raft.v1.LogPosition.$Properties|null);

                /** SnapshotMeta configuration */
                configuration?: (raft.v1.Configuration.$Properties|null);

                /** SnapshotMeta configurationIndex */
                configurationIndex?: (number|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a SnapshotMeta. */
            type $Shape = raft.v1.SnapshotMeta.$Properties;
        }

        /**
         * Properties of a Hello.
         * @deprecated Use raft.v1.Hello.$Properties instead.
         */
        interface IHello extends raft.v1.Hello.$Properties {
        }

        /** Represents a Hello. */
        class Hello {

            /**
             * Constructs a new Hello.
             * @param [properties] Properties to set
             */
            constructor(properties?: raft.v1.Hello.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Hello version. */
            version: number;

            /** Hello kind. */
            kind: raft.v1.Hello.Kind;

            /** Hello clusterId. */
            clusterId: string;

            /** Hello nodeId. */
            nodeId: string;

            /** Hello targetId. */
            targetId: string;

            /** Hello address. */
            address: string;

            /**
             * Encodes the specified Hello message. Does not implicitly {@link raft.v1.Hello.verify|verify} messages.
             * @param message Hello message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: raft.v1.Hello.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Hello message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {raft.v1.Hello & raft.v1.Hello.$Shape} Hello
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): raft.v1.Hello & raft.v1.Hello.$Shape;
        }

        namespace Hello {

            /** Properties of a Hello. */
            interface $Properties {

                /** Hello version */
                version?: (number|null);

                /** Hello kind */
                kind?: (raft.v1.Hello.Kind|null);

                /** Hello clusterId */
                clusterId?: (string|null);

                /** Hello nodeId */
                nodeId?: (string|null);

                /** Hello targetId */
                targetId?: (string|null);

                /** Hello address */
                address?: (string|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a Hello. */
            type $Shape = raft.v1.Hello.$Properties;

            /** Kind enum. */
            enum Kind {

                /** KIND_UNSPECIFIED value */
                KIND_UNSPECIFIED = 0,

                /** KIND_PEER value */
                KIND_PEER = 1,

                /** KIND_CLIENT value */
                KIND_CLIENT = 2
            }
        }

        /**
         * Properties of a HelloReply.
         * @deprecated Use raft.v1.HelloReply.$Properties instead.
         */
        interface IHelloReply extends raft.v1.HelloReply.$Properties {
        }

        /** Represents a HelloReply. */
        class HelloReply {

            /**
             * Constructs a new HelloReply.
             * @param [properties] Properties to set
             */
            constructor(properties?: raft.v1.HelloReply.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** HelloReply accepted. */
            accepted: boolean;

            /** HelloReply clusterId. */
            clusterId: string;

            /** HelloReply nodeId. */
            nodeId: string;

            /** HelloReply reason. */
            reason: string;

            /** HelloReply version. */
            version: number;

            /**
             * Encodes the specified HelloReply message. Does not implicitly {@link raft.v1.HelloReply.verify|verify} messages.
             * @param message HelloReply message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: raft.v1.HelloReply.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a HelloReply message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {raft.v1.HelloReply & raft.v1.HelloReply.$Shape} HelloReply
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): raft.v1.HelloReply & raft.v1.HelloReply.$Shape;
        }

        namespace HelloReply {

            /** Properties of a HelloReply. */
            interface $Properties {

                /** HelloReply accepted */
                accepted?: (boolean|null);

                /** HelloReply clusterId */
                clusterId?: (string|null);

                /** HelloReply nodeId */
                nodeId?: (string|null);

                /** HelloReply reason */
                reason?: (string|null);

                /** HelloReply version */
                version?: (number|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a HelloReply. */
            type $Shape = raft.v1.HelloReply.$Properties;
        }

        /**
         * Properties of a CallBatch.
         * @deprecated Use raft.v1.CallBatch.$Properties instead.
         */
        interface ICallBatch extends raft.v1.CallBatch.$Properties {
        }

        /** Represents a CallBatch. */
        class CallBatch {

            /**
             * Constructs a new CallBatch.
             * @param [properties] Properties to set
             */
            constructor(properties?: raft.v1.CallBatch.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** CallBatch calls. */
            calls: raft.v1.Call.$Properties[];

            /**
             * Encodes the specified CallBatch message. Does not implicitly {@link raft.v1.CallBatch.verify|verify} messages.
             * @param message CallBatch message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: raft.v1.CallBatch.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a CallBatch message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {raft.v1.CallBatch & raft.v1.CallBatch.$Shape} CallBatch
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): raft.v1.CallBatch & raft.v1.CallBatch.$Shape;
        }

        namespace CallBatch {

            /** Properties of a CallBatch. */
            interface $Properties {

                /** CallBatch calls */
                calls?: (raft.v1.Call.$Properties[]|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a CallBatch. */
            type $Shape = raft.v1.CallBatch.$Properties;
        }

        /**
         * Properties of a Call.
         * @deprecated Use raft.v1.Call.$Properties instead.
         */
        interface ICall extends raft.v1.Call.$Properties {
        }

        /** Represents a Call. */
        class Call {

            /**
             * Constructs a new Call.
             * @param [properties] Properties to set
             */
            constructor(properties?: raft.v1.Call.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Call id. */
            id: number;

            /** Call payload. */
            payload: Uint8Array;

            /** Call cancel. */
            cancel: boolean;

            /**
             * Encodes the specified Call message. Does not implicitly {@link raft.v1.Call.verify|verify} messages.
             * @param message Call message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: raft.v1.Call.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Call message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {raft.v1.Call & raft.v1.Call.$Shape} Call
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): raft.v1.Call & raft.v1.Call.$Shape;
        }

        namespace Call {

            /** Properties of a Call. */
            interface $Properties {

                /** Call id */
                id?: (number|null);

                /** Call payload */
                payload?: (Uint8Array|null);

                /** Call cancel */
                cancel?: (boolean|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a Call. */
            type $Shape = raft.v1.Call.$Properties;
        }

        /**
         * Properties of a ReplyBatch.
         * @deprecated Use raft.v1.ReplyBatch.$Properties instead.
         */
        interface IReplyBatch extends raft.v1.ReplyBatch.$Properties {
        }

        /** Represents a ReplyBatch. */
        class ReplyBatch {

            /**
             * Constructs a new ReplyBatch.
             * @param [properties] Properties to set
             */
            constructor(properties?: raft.v1.ReplyBatch.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** ReplyBatch replies. */
            replies: raft.v1.Reply.$Properties[];

            /**
             * Encodes the specified ReplyBatch message. Does not implicitly {@link raft.v1.ReplyBatch.verify|verify} messages.
             * @param message ReplyBatch message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: raft.v1.ReplyBatch.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a ReplyBatch message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {raft.v1.ReplyBatch & raft.v1.ReplyBatch.$Shape} ReplyBatch
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): raft.v1.ReplyBatch & raft.v1.ReplyBatch.$Shape;
        }

        namespace ReplyBatch {

            /** Properties of a ReplyBatch. */
            interface $Properties {

                /** ReplyBatch replies */
                replies?: (raft.v1.Reply.$Properties[]|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a ReplyBatch. */
            type $Shape = {
              replies?: raft.v1.Reply.$Shape[]|null;
              $unknowns?: Uint8Array[];
            };
        }

        /**
         * Properties of a Reply.
         * @deprecated Use raft.v1.Reply.$Properties instead.
         */
        interface IReply extends raft.v1.Reply.$Properties {
        }

        /** Represents a Reply. */
        class Reply {

            /**
             * Constructs a new Reply.
             * @param [properties] Properties to set
             */
            constructor(properties?: raft.v1.Reply.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Reply id. */
            id: number;

            /** Reply payload. */
            payload?: (Uint8Array|null);

            /** Reply error. */
            error?: (string|null);

            /** Reply outcome. */
            outcome?: ("payload"|"error");

            /**
             * Encodes the specified Reply message. Does not implicitly {@link raft.v1.Reply.verify|verify} messages.
             * @param message Reply message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: raft.v1.Reply.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Reply message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {raft.v1.Reply & raft.v1.Reply.$Shape} Reply
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): raft.v1.Reply & raft.v1.Reply.$Shape;
        }

        namespace Reply {

            /** Properties of a Reply. */
            interface $Properties {

                /** Reply id */
                id?: (number|null);

                /** Reply payload */
                payload?: (Uint8Array|null);

                /** Reply error */
                error?: (string|null);

                /** Reply outcome */
                outcome?: ("payload"|"error");

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Narrowed shape of a Reply. */
            type $Shape = {
              id?: number|null;
              payload?: Uint8Array|null;
              error?: string|null;
              $unknowns?: Uint8Array[];
            } & (
              ({ outcome?: undefined; payload?: null; error?: null }|{ outcome?: "payload"; payload: Uint8Array; error?: null }|{ outcome?: "error"; payload?: null; error: string })
            );
        }

        /**
         * Properties of a HardState.
         * @deprecated Use raft.v1.HardState.$Properties instead.
         */
        interface IHardState extends raft.v1.HardState.$Properties {
        }

        /** Represents a HardState. */
        class HardState {

            /**
             * Constructs a new HardState.
             * @param [properties] Properties to set
             */
            constructor(properties?: raft.v1.HardState.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** HardState term. */
            term: number;

            /** HardState votedFor. */
            votedFor: string;

            /** HardState commitIndex. */
            commitIndex: number;

            /**
             * Encodes the specified HardState message. Does not implicitly {@link raft.v1.HardState.verify|verify} messages.
             * @param message HardState message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: raft.v1.HardState.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a HardState message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {raft.v1.HardState & raft.v1.HardState.$Shape} HardState
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): raft.v1.HardState & raft.v1.HardState.$Shape;
        }

        namespace HardState {

            /** Properties of a HardState. */
            interface $Properties {

                /** HardState term */
                term?: (number|null);

                /** HardState votedFor */
                votedFor?: (string|null);

                /** HardState commitIndex */
                commitIndex?: (number|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a HardState. */
            type $Shape = raft.v1.HardState.$Properties;
        }

        /**
         * Properties of a LogPosition.
         * @deprecated Use raft.v1.LogPosition.$Properties instead.
         */
        interface ILogPosition extends raft.v1.LogPosition.$Properties {
        }

        /** Represents a LogPosition. */
        class LogPosition {

            /**
             * Constructs a new LogPosition.
             * @param [properties] Properties to set
             */
            constructor(properties?: raft.v1.LogPosition.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** LogPosition index. */
            index: number;

            /** LogPosition term. */
            term: number;

            /**
             * Encodes the specified LogPosition message. Does not implicitly {@link raft.v1.LogPosition.verify|verify} messages.
             * @param message LogPosition message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: raft.v1.LogPosition.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a LogPosition message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {raft.v1.LogPosition & raft.v1.LogPosition.$Shape} LogPosition
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): raft.v1.LogPosition & raft.v1.LogPosition.$Shape;
        }

        namespace LogPosition {

            /** Properties of a LogPosition. */
            interface $Properties {

                /** LogPosition index */
                index?: (number|null);

                /** LogPosition term */
                term?: (number|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a LogPosition. */
            type $Shape = raft.v1.LogPosition.$Properties;
        }

        /**
         * Properties of a StoreIdentity.
         * @deprecated Use raft.v1.StoreIdentity.$Properties instead.
         */
        interface IStoreIdentity extends raft.v1.StoreIdentity.$Properties {
        }

        /** Represents a StoreIdentity. */
        class StoreIdentity {

            /**
             * Constructs a new StoreIdentity.
             * @param [properties] Properties to set
             */
            constructor(properties?: raft.v1.StoreIdentity.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** StoreIdentity clusterId. */
            clusterId: string;

            /** StoreIdentity nodeId. */
            nodeId: string;

            /** StoreIdentity groupId. */
            groupId: string;

            /** StoreIdentity storeId. */
            storeId: string;

            /**
             * Encodes the specified StoreIdentity message. Does not implicitly {@link raft.v1.StoreIdentity.verify|verify} messages.
             * @param message StoreIdentity message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: raft.v1.StoreIdentity.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a StoreIdentity message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {raft.v1.StoreIdentity & raft.v1.StoreIdentity.$Shape} StoreIdentity
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): raft.v1.StoreIdentity & raft.v1.StoreIdentity.$Shape;
        }

        namespace StoreIdentity {

            /** Properties of a StoreIdentity. */
            interface $Properties {

                /** StoreIdentity clusterId */
                clusterId?: (string|null);

                /** StoreIdentity nodeId */
                nodeId?: (string|null);

                /** StoreIdentity groupId */
                groupId?: (string|null);

                /** StoreIdentity storeId */
                storeId?: (string|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a StoreIdentity. */
            type $Shape = raft.v1.StoreIdentity.$Properties;
        }

        /**
         * Properties of a StoreHeader.
         * @deprecated Use raft.v1.StoreHeader.$Properties instead.
         */
        interface IStoreHeader extends raft.v1.StoreHeader.$Properties {
        }

        /** Represents a StoreHeader. */
        class StoreHeader {

            /**
             * Constructs a new StoreHeader.
             * @param [properties] Properties to set
             */
            constructor(properties?: raft.v1.StoreHeader.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** StoreHeader identity. */
            identity?: (raft.v1.StoreIdentity.$Properties|null);

            /** StoreHeader generation. */
            generation: number;

            /** StoreHeader durableSegment. */
            durableSegment: number;

            /** StoreHeader durableOffset. */
            durableOffset: number;

            /** StoreHeader snapshot. */
            snapshot?: (raft.v1.StoredSnapshot.$Properties|null);

            /** StoreHeader hardState. */
            hardState?: (raft.v1.HardState.$Properties|null);

            /** StoreHeader frameKey. */
            frameKey: string;

            /**
             * Encodes the specified StoreHeader message. Does not implicitly {@link raft.v1.StoreHeader.verify|verify} messages.
             * @param message StoreHeader message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: raft.v1.StoreHeader.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a StoreHeader message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {raft.v1.StoreHeader & raft.v1.StoreHeader.$Shape} StoreHeader
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): raft.v1.StoreHeader & raft.v1.StoreHeader.$Shape;
        }

        namespace StoreHeader {

            /** Properties of a StoreHeader. */
            interface $Properties {

                /** StoreHeader identity */
                identity?: (raft.v1.StoreIdentity.$Properties|null);

                /** StoreHeader generation */
                generation?: (number|null);

                /** StoreHeader durableSegment */
                durableSegment?: (number|null);

                /** StoreHeader durableOffset */
                durableOffset?: (number|null);

                /** StoreHeader snapshot */
                snapshot?: (raft.v1.StoredSnapshot.$Properties|null);

                /** StoreHeader hardState */
                hardState?: (raft.v1.HardState.$Properties|null);

                /** StoreHeader frameKey */
                frameKey?: (string|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a StoreHeader. */
            type $Shape = raft.v1.StoreHeader.$Properties;
        }

        /**
         * Properties of a StoredSnapshot.
         * @deprecated Use raft.v1.StoredSnapshot.$Properties instead.
         */
        interface IStoredSnapshot extends raft.v1.StoredSnapshot.$Properties {
        }

        /** Represents a StoredSnapshot. */
        class StoredSnapshot {

            /**
             * Constructs a new StoredSnapshot.
             * @param [properties] Properties to set
             */
            constructor(properties?: raft.v1.StoredSnapshot.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** StoredSnapshot id. */
            id: number;

            /** StoredSnapshot last. */
            last?: (raft.v1.LogPosition.$Properties|null);

            /**
             * Encodes the specified StoredSnapshot message. Does not implicitly {@link raft.v1.StoredSnapshot.verify|verify} messages.
             * @param message StoredSnapshot message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: raft.v1.StoredSnapshot.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a StoredSnapshot message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {raft.v1.StoredSnapshot & raft.v1.StoredSnapshot.$Shape} StoredSnapshot
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): raft.v1.StoredSnapshot & raft.v1.StoredSnapshot.$Shape;
        }

        namespace StoredSnapshot {

            /** Properties of a StoredSnapshot. */
            interface $Properties {

                /** StoredSnapshot id */
                id?: (number|null);

                /** StoredSnapshot last */
                last?: (raft.v1.LogPosition.$Properties|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a StoredSnapshot. */
            type $Shape = raft.v1.StoredSnapshot.$Properties;
        }

        /**
         * Properties of a SegmentHeader.
         * @deprecated Use raft.v1.SegmentHeader.$Properties instead.
         */
        interface ISegmentHeader extends raft.v1.SegmentHeader.$Properties {
        }

        /** Represents a SegmentHeader. */
        class SegmentHeader {

            /**
             * Constructs a new SegmentHeader.
             * @param [properties] Properties to set
             */
            constructor(properties?: raft.v1.SegmentHeader.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** SegmentHeader identity. */
            identity?: (raft.v1.StoreIdentity.$Properties|null);

            /** SegmentHeader segmentBytes. */
            segmentBytes: number;

            /** SegmentHeader previousEnd. */
            previousEnd: number;

            /** SegmentHeader hardState. */
            hardState?: (raft.v1.HardState.$Properties|null);

            /** SegmentHeader base. */
            base?: (raft.v1.LogPosition.$Properties|null);

            /** SegmentHeader last. */
            last?: (raft.v1.LogPosition.$Properties|null);

            /** SegmentHeader frameKey. */
            frameKey: string;

            /**
             * Encodes the specified SegmentHeader message. Does not implicitly {@link raft.v1.SegmentHeader.verify|verify} messages.
             * @param message SegmentHeader message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: raft.v1.SegmentHeader.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a SegmentHeader message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {raft.v1.SegmentHeader & raft.v1.SegmentHeader.$Shape} SegmentHeader
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): raft.v1.SegmentHeader & raft.v1.SegmentHeader.$Shape;
        }

        namespace SegmentHeader {

            /** Properties of a SegmentHeader. */
            interface $Properties {

                /** SegmentHeader identity */
                identity?: (raft.v1.StoreIdentity.$Properties|null);

                /** SegmentHeader segmentBytes */
                segmentBytes?: (number|null);

                /** SegmentHeader previousEnd */
                previousEnd?: (number|null);

                /** SegmentHeader hardState */
                hardState?: (raft.v1.HardState.$Properties|null);

                /** SegmentHeader base */
                base?: (raft.v1.LogPosition.$Properties|null);

                /** SegmentHeader last */
                last?: (raft.v1.LogPosition.$Properties|null);

                /** SegmentHeader frameKey */
                frameKey?: (string|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a SegmentHeader. */
            type $Shape = raft.v1.SegmentHeader.$Properties;
        }

        /**
         * Properties of a BatchControl.
         * @deprecated Use raft.v1.BatchControl.$Properties instead.
         */
        interface IBatchControl extends raft.v1.BatchControl.$Properties {
        }

        /** Represents a BatchControl. */
        class BatchControl {

            /**
             * Constructs a new BatchControl.
             * @param [properties] Properties to set
             */
            constructor(properties?: raft.v1.BatchControl.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** BatchControl hardState. */
            hardState?: (raft.v1.HardState.$Properties|null);

            /** BatchControl resetTo. */
            resetTo?: (raft.v1.LogPosition.$Properties|null);

            /** BatchControl truncateFrom. */
            truncateFrom: number;

            /** BatchControl compactTo. */
            compactTo?: (raft.v1.LogPosition.$Properties|null);

            /**
             * Encodes the specified BatchControl message. Does not implicitly {@link raft.v1.BatchControl.verify|verify} messages.
             * @param message BatchControl message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: raft.v1.BatchControl.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a BatchControl message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {raft.v1.BatchControl & raft.v1.BatchControl.$Shape} BatchControl
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): raft.v1.BatchControl & raft.v1.BatchControl.$Shape;
        }

        namespace BatchControl {

            /** Properties of a BatchControl. */
            interface $Properties {

                /** BatchControl hardState */
                hardState?: (raft.v1.HardState.$Properties|null);

                /** BatchControl resetTo */
                resetTo?: (raft.v1.LogPosition.$Properties|null);

                /** BatchControl truncateFrom */
                truncateFrom?: (number|null);

                /** BatchControl compactTo */
                compactTo?: (raft.v1.LogPosition.$Properties|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a BatchControl. */
            type $Shape = raft.v1.BatchControl.$Properties;
        }

        /**
         * Properties of a SnapshotHeader.
         * @deprecated Use raft.v1.SnapshotHeader.$Properties instead.
         */
        interface ISnapshotHeader extends raft.v1.SnapshotHeader.$Properties {
        }

        /** Represents a SnapshotHeader. */
        class SnapshotHeader {

            /**
             * Constructs a new SnapshotHeader.
             * @param [properties] Properties to set
             */
            constructor(properties?: raft.v1.SnapshotHeader.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** SnapshotHeader identity. */
            identity?: (raft.v1.StoreIdentity.$Properties|null);

            /** SnapshotHeader last. */
            last?: (raft.v1.LogPosition.$Properties|null);

            /** SnapshotHeader configuration. */
            configuration?: (raft.v1.Configuration.$Properties|null);

            /** SnapshotHeader chunkBytes. */
            chunkBytes: number;

            /** SnapshotHeader configurationIndex. */
            configurationIndex: number;

            /** SnapshotHeader frameKey. */
            frameKey: string;

            /**
             * Encodes the specified SnapshotHeader message. Does not implicitly {@link raft.v1.SnapshotHeader.verify|verify} messages.
             * @param message SnapshotHeader message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: raft.v1.SnapshotHeader.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a SnapshotHeader message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {raft.v1.SnapshotHeader & raft.v1.SnapshotHeader.$Shape} SnapshotHeader
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): raft.v1.SnapshotHeader & raft.v1.SnapshotHeader.$Shape;
        }

        namespace SnapshotHeader {

            /** Properties of a SnapshotHeader. */
            interface $Properties {

                /** SnapshotHeader identity */
                identity?: (raft.v1.StoreIdentity.$Properties|null);

                /** SnapshotHeader last */
                last?: (raft.v1.LogPosition.$Properties|null);

                /** SnapshotHeader configuration */
                configuration?: (raft.v1.Configuration.$Properties|null);

                /** SnapshotHeader chunkBytes */
                chunkBytes?: (number|null);

                /** SnapshotHeader configurationIndex */
                configurationIndex?: (number|null);

                /** SnapshotHeader frameKey */
                frameKey?: (string|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a SnapshotHeader. */
            type $Shape = raft.v1.SnapshotHeader.$Properties;
        }

        /**
         * Properties of a DirectoryChange.
         * @deprecated Use raft.v1.DirectoryChange.$Properties instead.
         */
        interface IDirectoryChange extends raft.v1.DirectoryChange.$Properties {
        }

        /** Represents a DirectoryChange. */
        class DirectoryChange {

            /**
             * Constructs a new DirectoryChange.
             * @param [properties] Properties to set
             */
            constructor(properties?: raft.v1.DirectoryChange.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** DirectoryChange what. */
            what: string;

            /** DirectoryChange files. */
            files: raft.v1.FileChange.$Properties[];

            /**
             * Encodes the specified DirectoryChange message. Does not implicitly {@link raft.v1.DirectoryChange.verify|verify} messages.
             * @param message DirectoryChange message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: raft.v1.DirectoryChange.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a DirectoryChange message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {raft.v1.DirectoryChange & raft.v1.DirectoryChange.$Shape} DirectoryChange
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): raft.v1.DirectoryChange & raft.v1.DirectoryChange.$Shape;
        }

        namespace DirectoryChange {

            /** Properties of a DirectoryChange. */
            interface $Properties {

                /** DirectoryChange what */
                what?: (string|null);

                /** DirectoryChange files */
                files?: (raft.v1.FileChange.$Properties[]|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a DirectoryChange. */
            type $Shape = raft.v1.DirectoryChange.$Properties;
        }

        /**
         * Properties of a FileChange.
         * @deprecated Use raft.v1.FileChange.$Properties instead.
         */
        interface IFileChange extends raft.v1.FileChange.$Properties {
        }

        /** Represents a FileChange. */
        class FileChange {

            /**
             * Constructs a new FileChange.
             * @param [properties] Properties to set
             */
            constructor(properties?: raft.v1.FileChange.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** FileChange name. */
            name: string;

            /** FileChange removed. */
            removed: boolean;

            /** FileChange madeBytes. */
            madeBytes: number;

            /** FileChange writes. */
            writes: raft.v1.FileWrite.$Properties[];

            /**
             * Encodes the specified FileChange message. Does not implicitly {@link raft.v1.FileChange.verify|verify} messages.
             * @param message FileChange message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: raft.v1.FileChange.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a FileChange message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {raft.v1.FileChange & raft.v1.FileChange.$Shape} FileChange
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): raft.v1.FileChange & raft.v1.FileChange.$Shape;
        }

        namespace FileChange {

            /** Properties of a FileChange. */
            interface $Properties {

                /** FileChange name */
                name?: (string|null);

                /** FileChange removed */
                removed?: (boolean|null);

                /** FileChange madeBytes */
                madeBytes?: (number|null);

                /** FileChange writes */
                writes?: (raft.v1.FileWrite.$Properties[]|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a FileChange. */
            type $Shape = raft.v1.FileChange.$Properties;
        }

        /**
         * Properties of a FileWrite.
         * @deprecated Use raft.v1.FileWrite.$Properties instead.
         */
        interface IFileWrite extends raft.v1.FileWrite.$Properties {
        }

        /** Represents a FileWrite. */
        class FileWrite {

            /**
             * Constructs a new FileWrite.
             * @param [properties] Properties to set
             */
            constructor(properties?: raft.v1.FileWrite.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** FileWrite offset. */
            offset: number;

            /** FileWrite data. */
            data: Uint8Array;

            /** FileWrite zeros. */
            zeros: number;

            /**
             * Encodes the specified FileWrite message. Does not implicitly {@link raft.v1.FileWrite.verify|verify} messages.
             * @param message FileWrite message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: raft.v1.FileWrite.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a FileWrite message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {raft.v1.FileWrite & raft.v1.FileWrite.$Shape} FileWrite
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): raft.v1.FileWrite & raft.v1.FileWrite.$Shape;
        }

        namespace FileWrite {

            /** Properties of a FileWrite. */
            interface $Properties {

                /** FileWrite offset */
                offset?: (number|null);

                /** FileWrite data */
                data?: (Uint8Array|null);

                /** FileWrite zeros */
                zeros?: (number|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a FileWrite. */
            type $Shape = raft.v1.FileWrite.$Properties;
        }

        /**
         * Properties of a Configuration.
         * @deprecated Use raft.v1.Configuration.$Properties instead.
         */
        interface IConfiguration extends raft.v1.Configuration.$Properties {
        }

        /** Represents a Configuration. */
        class Configuration {

            /**
             * Constructs a new Configuration.
             * @param [properties] Properties to set
             */
            constructor(properties?: raft.v1.Configuration.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Configuration voters. */
            voters: string[];

            /** Configuration outgoing. */
            outgoing: string[];

            /** Configuration learners. */
            learners: string[];

            /** Configuration addresses. */
            addresses: raft.v1.Configuration.Address.$Properties[];

            /** Configuration stores. */
            stores: raft.v1.Configuration.Store.$Properties[];

            /** Configuration returning. */
            returning: string[];

            /**
             * Encodes the specified Configuration message. Does not implicitly {@link raft.v1.Configuration.verify|verify} messages.
             * @param message Configuration message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: raft.v1.Configuration.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Configuration message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {raft.v1.Configuration & raft.v1.Configuration.$Shape} Configuration
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): raft.v1.Configuration & raft.v1.Configuration.$Shape;
        }

        namespace Configuration {

            /** Properties of a Configuration. */
            interface $Properties {

                /** Configuration voters */
                voters?: (string[]|null);

                /** Configuration outgoing */
                outgoing?: (string[]|null);

                /** Configuration learners */
                learners?: (string[]|null);

                /** Configuration addresses */
                addresses?: (raft.v1.Configuration.Address.$Properties[]|null);

                /** Configuration stores */
                stores?: (raft.v1.Configuration.Store.$Properties[]|null);

                /** Configuration returning */
                returning?: (string[]|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a Configuration. */
            type $Shape = raft.v1.Configuration.$Properties;

            /**
             * Properties of an Address.
             * @deprecated Use raft.v1.Configuration.Address.$Properties instead.
             */
            interface IAddress extends raft.v1.Configuration.Address.$Properties {
            }

            /** Represents an Address. */
            class Address {

                /**
                 * Constructs a new Address.
                 * @param [properties] Properties to set
                 */
                constructor(properties?: raft.v1.Configuration.Address.$Properties);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];

                /** Address nodeId. */
                nodeId: string;

                /** Address address. */
                address: string;

                /**
                 * Encodes the specified Address message. Does not implicitly {@link raft.v1.Configuration.Address.verify|verify} messages.
                 * @param message Address message or plain object to encode
                 * @param [writer] Writer to encode to
                 * @returns Writer
                 */
                static encode(message: raft.v1.Configuration.Address.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                /**
                 * Decodes an Address message from the specified reader or buffer.
                 * @param reader Reader or buffer to decode from
                 * @param [length] Message length if known beforehand
                 * @returns {raft.v1.Configuration.Address & raft.v1.Configuration.Address.$Shape} Address
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): raft.v1.Configuration.Address & raft.v1.Configuration.Address.$Shape;
            }

            namespace Address {

                /** Properties of an Address. */
                interface $Properties {

                    /** Address nodeId */
                    nodeId?: (string|null);

                    /** Address address */
                    address?: (string|null);

                    /** Unknown fields preserved while decoding when enabled */
                    $unknowns?: Uint8Array[];
                }

                /** Shape of an Address. */
                type $Shape = raft.v1.Configuration.Address.$Properties;
            }

            /**
             * Properties of a Store.
             * @deprecated Use raft.v1.Configuration.Store.$Properties instead.
             */
            interface IStore extends raft.v1.Configuration.Store.$Properties {
            }

            /** Represents a Store. */
            class Store {

                /**
                 * Constructs a new Store.
                 * @param [properties] Properties to set
                 */
                constructor(properties?: raft.v1.Configuration.Store.$Properties);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];

                /** Store nodeId. */
                nodeId: string;

                /** Store storeId. */
                storeId: string;

                /**
                 * Encodes the specified Store message. Does not implicitly {@link raft.v1.Configuration.Store.verify|verify} messages.
                 * @param message Store message or plain object to encode
                 * @param [writer] Writer to encode to
                 * @returns Writer
                 */
                static encode(message: raft.v1.Configuration.Store.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                /**
                 * Decodes a Store message from the specified reader or buffer.
                 * @param reader Reader or buffer to decode from
                 * @param [length] Message length if known beforehand
                 * @returns {raft.v1.Configuration.Store & raft.v1.Configuration.Store.$Shape} Store
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): raft.v1.Configuration.Store & raft.v1.Configuration.Store.$Shape;
            }

            namespace Store {

                /** Properties of a Store. */
                interface $Properties {

                    /** Store nodeId */
                    nodeId?: (string|null);

                    /** Store storeId */
                    storeId?: (string|null);

                    /** Unknown fields preserved while decoding when enabled */
                    $unknowns?: Uint8Array[];
                }

                /** Shape of a Store. */
                type $Shape = raft.v1.Configuration.Store.$Properties;
            }
        }
    }
}

/** Namespace kv. */
export namespace kv {

    /** Namespace v1. */
    namespace v1 {

        /**
         * Properties of a CallBatch.
         * @deprecated Use kv.v1.CallBatch.$Properties instead.
         */
        interface ICallBatch extends kv.v1.CallBatch.$Properties {
        }

        /** Represents a CallBatch. */
        class CallBatch {

            /**
             * Constructs a new CallBatch.
             * @param [properties] Properties to set
             */
            constructor(properties?: kv.v1.CallBatch.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** CallBatch calls. */
            calls: kv.v1.Call.$Properties[];

            /**
             * Encodes the specified CallBatch message. Does not implicitly {@link kv.v1.CallBatch.verify|verify} messages.
             * @param message CallBatch message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: kv.v1.CallBatch.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a CallBatch message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {kv.v1.CallBatch & kv.v1.CallBatch.$Shape} CallBatch
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): kv.v1.CallBatch & kv.v1.CallBatch.$Shape;
        }

        namespace CallBatch {

            /** Properties of a CallBatch. */
            interface $Properties {

                /** CallBatch calls */
                calls?: (kv.v1.Call.$Properties[]|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a CallBatch. */
            type $Shape = {
              calls?: kv.v1.Call.$Shape[]|null;
              $unknowns?: Uint8Array[];
            };
        }

        /**
         * Properties of a Call.
         * @deprecated Use kv.v1.Call.$Properties instead.
         */
        interface ICall extends kv.v1.Call.$Properties {
        }

        /** Represents a Call. */
        class Call {

            /**
             * Constructs a new Call.
             * @param [properties] Properties to set
             */
            constructor(properties?: kv.v1.Call.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Call id. */
            id: number;

            /** Call payload. */
            payload?: (kv.v1.Request.$Properties|null);

            /** Call cancel. */
            cancel: boolean;

            /**
             * Encodes the specified Call message. Does not implicitly {@link kv.v1.Call.verify|verify} messages.
             * @param message Call message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: kv.v1.Call.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Call message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {kv.v1.Call & kv.v1.Call.$Shape} Call
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): kv.v1.Call & kv.v1.Call.$Shape;
        }

        namespace Call {

            /** Properties of a Call. */
            interface $Properties {

                /** Call id */
                id?: (number|null);

                /** Call payload */
                payload?: (kv.v1.Request.$Properties|null);

                /** Call cancel */
                cancel?: (boolean|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a Call. */
            type $Shape = {
              id?: number|null;
              payload?: kv.v1.Request.$Shape|null;
              cancel?: boolean|null;
              $unknowns?: Uint8Array[];
            };
        }

        /**
         * Properties of a ReplyBatch.
         * @deprecated Use kv.v1.ReplyBatch.$Properties instead.
         */
        interface IReplyBatch extends kv.v1.ReplyBatch.$Properties {
        }

        /** Represents a ReplyBatch. */
        class ReplyBatch {

            /**
             * Constructs a new ReplyBatch.
             * @param [properties] Properties to set
             */
            constructor(properties?: kv.v1.ReplyBatch.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** ReplyBatch replies. */
            replies: kv.v1.Reply.$Properties[];

            /**
             * Encodes the specified ReplyBatch message. Does not implicitly {@link kv.v1.ReplyBatch.verify|verify} messages.
             * @param message ReplyBatch message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: kv.v1.ReplyBatch.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a ReplyBatch message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {kv.v1.ReplyBatch & kv.v1.ReplyBatch.$Shape} ReplyBatch
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): kv.v1.ReplyBatch & kv.v1.ReplyBatch.$Shape;
        }

        namespace ReplyBatch {

            /** Properties of a ReplyBatch. */
            interface $Properties {

                /** ReplyBatch replies */
                replies?: (kv.v1.Reply.$Properties[]|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a ReplyBatch. */
            type $Shape = {
              replies?: kv.v1.Reply.$Shape[]|null;
              $unknowns?: Uint8Array[];
            };
        }

        /**
         * Properties of a Reply.
         * @deprecated Use kv.v1.Reply.$Properties instead.
         */
        interface IReply extends kv.v1.Reply.$Properties {
        }

        /** Represents a Reply. */
        class Reply {

            /**
             * Constructs a new Reply.
             * @param [properties] Properties to set
             */
            constructor(properties?: kv.v1.Reply.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Reply id. */
            id: number;

            /** Reply payload. */
            payload?: (kv.v1.Response.$Properties|null);

            /** Reply error. */
            error?: (string|null);

            /** Reply outcome. */
            outcome?: ("payload"|"error");

            /**
             * Encodes the specified Reply message. Does not implicitly {@link kv.v1.Reply.verify|verify} messages.
             * @param message Reply message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: kv.v1.Reply.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Reply message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {kv.v1.Reply & kv.v1.Reply.$Shape} Reply
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): kv.v1.Reply & kv.v1.Reply.$Shape;
        }

        namespace Reply {

            /** Properties of a Reply. */
            interface $Properties {

                /** Reply id */
                id?: (number|null);

                /** Reply payload */
                payload?: (kv.v1.Response.$Properties|null);

                /** Reply error */
                error?: (string|null);

                /** Reply outcome */
                outcome?: ("payload"|"error");

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Narrowed shape of a Reply. */
            type $Shape = {
              id?: number|null;
              payload?: kv.v1.Response.$Shape|null;
              error?: string|null;
              $unknowns?: Uint8Array[];
            } & (
              ({ outcome?: undefined; payload?: null; error?: null }|{ outcome?: "payload"; payload: kv.v1.Response.$Shape; error?: null }|{ outcome?: "error"; payload?: null; error: string })
            );
        }

        /**
         * Properties of a Request.
         * @deprecated Use kv.v1.Request.$Properties instead.
         */
        interface IRequest extends kv.v1.Request.$Properties {
        }

        /** Represents a Request. */
        class Request {

            /**
             * Constructs a new Request.
             * @param [properties] Properties to set
             */
            constructor(properties?: kv.v1.Request.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Request timeoutMs. */
            timeoutMs: number;

            /** Request get. */
            get?: (kv.v1.GetRequest.$Properties|null);

            /** Request set. */
            set?: (kv.v1.SetRequest.$Properties|null);

            /** Request delete. */
            delete?: (kv.v1.DeleteRequest.$Properties|null);

            /** Request compareAndSet. */
            compareAndSet?: (kv.v1.CompareAndSetRequest.$Properties|null);

            /** Request list. */
            list?: (kv.v1.ListRequest.$Properties|null);

            /** Request status. */
            status?: (kv.v1.StatusRequest.$Properties|null);

            /** Request watch. */
            watch?: (kv.v1.WatchRequest.$Properties|null);

            /** Request openSession. */
            openSession?: (kv.v1.OpenSessionRequest.$Properties|null);

            /** Request keepSession. */
            keepSession?: (kv.v1.KeepSessionRequest.$Properties|null);

            /** Request closeSession. */
            closeSession?: (kv.v1.CloseSessionRequest.$Properties|null);

            /** Request members. */
            members?: (kv.v1.MembersRequest.$Properties|null);

            /** Request previewMembers. */
            previewMembers?: (kv.v1.PreviewMembersRequest.$Properties|null);

            /** Request changeMembers. */
            changeMembers?: (kv.v1.ChangeMembersRequest.$Properties|null);

            /** Request transferLeadership. */
            transferLeadership?: (kv.v1.TransferLeadershipRequest.$Properties|null);

            /** Request snapshot. */
            snapshot?: (kv.v1.SnapshotRequest.$Properties|null);

            /** Request session. */
            session?: (kv.v1.Session.$Properties|null);

            /** Request forward. */
            forward: boolean;

            /** Request body. */
            body?: ("get"|"set"|"delete"|"compareAndSet"|"list"|"status"|"watch"|"openSession"|"keepSession"|"closeSession"|"members"|"previewMembers"|"changeMembers"|"transferLeadership"|"snapshot");

            /**
             * Encodes the specified Request message. Does not implicitly {@link kv.v1.Request.verify|verify} messages.
             * @param message Request message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: kv.v1.Request.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Request message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {kv.v1.Request & kv.v1.Request.$Shape} Request
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): kv.v1.Request & kv.v1.Request.$Shape;
        }

        namespace Request {

            /** Properties of a Request. */
            interface $Properties {

                /** Request timeoutMs */
                timeoutMs?: (number|null);

                /** Request get */
                get?: (kv.v1.GetRequest.$Properties|null);

                /** Request set */
                set?: (kv.v1.SetRequest.$Properties|null);

                /** Request delete */
                "delete"?: (kv.v1.DeleteRequest.$Properties|null);

                /** Request compareAndSet */
                compareAndSet?: (kv.v1.CompareAndSetRequest.$Properties|null);

                /** Request list */
                list?: (kv.v1.ListRequest.$Properties|null);

                /** Request status */
                status?: (kv.v1.StatusRequest.$Properties|null);

                /** Request watch */
                watch?: (kv.v1.WatchRequest.$Properties|null);

                /** Request openSession */
                openSession?: (kv.v1.OpenSessionRequest.$Properties|null);

                /** Request keepSession */
                keepSession?: (kv.v1.KeepSessionRequest.$Properties|null);

                /** Request closeSession */
                closeSession?: (kv.v1.CloseSessionRequest.$Properties|null);

                /** Request members */
                members?: (kv.v1.MembersRequest.$Properties|null);

                /** Request previewMembers */
                previewMembers?: (kv.v1.PreviewMembersRequest.$Properties|null);

                /** Request changeMembers */
                changeMembers?: (kv.v1.ChangeMembersRequest.$Properties|null);

                /** Request transferLeadership */
                transferLeadership?: (kv.v1.TransferLeadershipRequest.$Properties|null);

                /** Request snapshot */
                snapshot?: (kv.v1.SnapshotRequest.$Properties|null);

                /** Request session */
                session?: (kv.v1.Session.$Properties|null);

                /** Request forward */
                forward?: (boolean|null);

                /** Request body */
                body?: ("get"|"set"|"delete"|"compareAndSet"|"list"|"status"|"watch"|"openSession"|"keepSession"|"closeSession"|"members"|"previewMembers"|"changeMembers"|"transferLeadership"|"snapshot");

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Narrowed shape of a Request. */
            type $Shape = {
              timeoutMs?: number|null;
              get?: kv.v1.GetRequest.$Shape|null;
              set?: kv.v1.SetRequest.$Shape|null;
              "delete"?: kv.v1.DeleteRequest.$Shape|null;
              compareAndSet?: kv.v1.CompareAndSetRequest.$Shape|null;
              list?: kv.v1.ListRequest.$Shape|null;
              status?: kv.v1.StatusRequest.$Shape|null;
              watch?: kv.v1.WatchRequest.$Shape|null;
              openSession?: kv.v1.OpenSessionRequest.$Shape|null;
              keepSession?: kv.v1.KeepSessionRequest.$Shape|null;
              closeSession?: kv.v1.CloseSessionRequest.$Shape|null;
              members?: kv.v1.MembersRequest.$Shape|null;
              previewMembers?: kv.v1.PreviewMembersRequest.$Shape|null;
              changeMembers?: kv.v1.ChangeMembersRequest.$Shape|null;
              transferLeadership?: kv.v1.TransferLeadershipRequest.$Shape|null;
              snapshot?: kv.v1.SnapshotRequest.$Shape|null;
              session?: kv.v1.Session.$Shape|null;
              forward?: boolean|null;
              $unknowns?: Uint8Array[];
            } & (
              ({ body?: undefined; get?: null; set?: null; "delete"?: null; compareAndSet?: null; list?: null; status?: null; watch?: null; openSession?: null; keepSession?: null; closeSession?: null; members?: null; previewMembers?: null; changeMembers?: null; transferLeadership?: null; snapshot?: null }|{ body?: "get"; get: kv.v1.GetRequest.$Shape; set?: null; "delete"?: null; compareAndSet?: null; list?: null; status?: null; watch?: null; openSession?: null; keepSession?: null; closeSession?: null; members?: null; previewMembers?: null; changeMembers?: null; transferLeadership?: null; snapshot?: null }|{ body?: "set"; get?: null; set: kv.v1.SetRequest.$Shape; "delete"?: null; compareAndSet?: null; list?: null; status?: null; watch?: null; openSession?: null; keepSession?: null; closeSession?: null; members?: null; previewMembers?: null; changeMembers?: null; transferLeadership?: null; snapshot?: null }|{ body?: "delete"; get?: null; set?: null; "delete": kv.v1.DeleteRequest.$Shape; compareAndSet?: null; list?: null; status?: null; watch?: null; openSession?: null; keepSession?: null; closeSession?: null; members?: null; previewMembers?: null; changeMembers?: null; transferLeadership?: null; snapshot?: null }|{ body?: "compareAndSet"; get?: null; set?: null; "delete"?: null; compareAndSet: kv.v1.CompareAndSetRequest.$Shape; list?: null; status?: null; watch?: null; openSession?: null; keepSession?: null; closeSession?: null; members?: null; previewMembers?: null; changeMembers?: null; transferLeadership?: null; snapshot?: null }|{ body?: "list"; get?: null; set?: null; "delete"?: null; compareAndSet?: null; list: kv.v1.ListRequest.$Shape; status?: null; watch?: null; openSession?: null; keepSession?: null; closeSession?: null; members?: null; previewMembers?: null; changeMembers?: null; transferLeadership?: null; snapshot?: null }|{ body?: "status"; get?: null; set?: null; "delete"?: null; compareAndSet?: null; list?: null; status: kv.v1.StatusRequest.$Shape; watch?: null; openSession?: null; keepSession?: null; closeSession?: null; members?: null; previewMembers?: null; changeMembers?: null; transferLeadership?: null; snapshot?: null }|{ body?: "watch"; get?: null; set?: null; "delete"?: null; compareAndSet?: null; list?: null; status?: null; watch: kv.v1.WatchRequest.$Shape; openSession?: null; keepSession?: null; closeSession?: null; members?: null; previewMembers?: null; changeMembers?: null; transferLeadership?: null; snapshot?: null }|{ body?: "openSession"; get?: null; set?: null; "delete"?: null; compareAndSet?: null; list?: null; status?: null; watch?: null; openSession: kv.v1.OpenSessionRequest.$Shape; keepSession?: null; closeSession?: null; members?: null; previewMembers?: null; changeMembers?: null; transferLeadership?: null; snapshot?: null }|{ body?: "keepSession"; get?: null; set?: null; "delete"?: null; compareAndSet?: null; list?: null; status?: null; watch?: null; openSession?: null; keepSession: kv.v1.KeepSessionRequest.$Shape; closeSession?: null; members?: null; previewMembers?: null; changeMembers?: null; transferLeadership?: null; snapshot?: null }|{ body?: "closeSession"; get?: null; set?: null; "delete"?: null; compareAndSet?: null; list?: null; status?: null; watch?: null; openSession?: null; keepSession?: null; closeSession: kv.v1.CloseSessionRequest.$Shape; members?: null; previewMembers?: null; changeMembers?: null; transferLeadership?: null; snapshot?: null }|{ body?: "members"; get?: null; set?: null; "delete"?: null; compareAndSet?: null; list?: null; status?: null; watch?: null; openSession?: null; keepSession?: null; closeSession?: null; members: kv.v1.MembersRequest.$Shape; previewMembers?: null; changeMembers?: null; transferLeadership?: null; snapshot?: null }|{ body?: "previewMembers"; get?: null; set?: null; "delete"?: null; compareAndSet?: null; list?: null; status?: null; watch?: null; openSession?: null; keepSession?: null; closeSession?: null; members?: null; previewMembers: kv.v1.PreviewMembersRequest.$Shape; changeMembers?: null; transferLeadership?: null; snapshot?: null }|{ body?: "changeMembers"; get?: null; set?: null; "delete"?: null; compareAndSet?: null; list?: null; status?: null; watch?: null; openSession?: null; keepSession?: null; closeSession?: null; members?: null; previewMembers?: null; changeMembers: kv.v1.ChangeMembersRequest.$Shape; transferLeadership?: null; snapshot?: null }|{ body?: "transferLeadership"; get?: null; set?: null; "delete"?: null; compareAndSet?: null; list?: null; status?: null; watch?: null; openSession?: null; keepSession?: null; closeSession?: null; members?: null; previewMembers?: null; changeMembers?: null; transferLeadership: kv.v1.TransferLeadershipRequest.$Shape; snapshot?: null }|{ body?: "snapshot"; get?: null; set?: null; "delete"?: null; compareAndSet?: null; list?: null; status?: null; watch?: null; openSession?: null; keepSession?: null; closeSession?: null; members?: null; previewMembers?: null; changeMembers?: null; transferLeadership?: null; snapshot: kv.v1.SnapshotRequest.$Shape })
            );
        }

        /**
         * Properties of a Response.
         * @deprecated Use kv.v1.Response.$Properties instead.
         */
        interface IResponse extends kv.v1.Response.$Properties {
        }

        /** Represents a Response. */
        class Response {

            /**
             * Constructs a new Response.
             * @param [properties] Properties to set
             */
            constructor(properties?: kv.v1.Response.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Response error. */
            error?: (kv.v1.Error.$Properties|null);

            /** Response get. */
            get?: (kv.v1.GetResponse.$Properties|null);

            /** Response set. */
            set?: (kv.v1.SetResponse.$Properties|null);

            /** Response delete. */
            delete?: (kv.v1.DeleteResponse.$Properties|null);

            /** Response compareAndSet. */
            compareAndSet?: (kv.v1.CompareAndSetResponse.$Properties|null);

            /** Response list. */
            list?: (kv.v1.ListResponse.$Properties|null);

            /** Response status. */
            status?: (kv.v1.StatusResponse.$Properties|null);

            /** Response watch. */
            watch?: (kv.v1.WatchResponse.$Properties|null);

            /** Response openSession. */
            openSession?: (kv.v1.OpenSessionResponse.$Properties|null);

            /** Response keepSession. */
            keepSession?: (kv.v1.KeepSessionResponse.$Properties|null);

            /** Response closeSession. */
            closeSession?: (kv.v1.CloseSessionResponse.$Properties|null);

            /** Response members. */
            members?: (kv.v1.MembersResponse.$Properties|null);

            /** Response previewMembers. */
            previewMembers?: (kv.v1.PreviewMembersResponse.$Properties|null);

            /** Response changeMembers. */
            changeMembers?: (kv.v1.ChangeMembersResponse.$Properties|null);

            /** Response transferLeadership. */
            transferLeadership?: (kv.v1.TransferLeadershipResponse.$Properties|null);

            /** Response snapshot. */
            snapshot?: (kv.v1.SnapshotResponse.$Properties|null);

            /** Response body. */
            body?: ("error"|"get"|"set"|"delete"|"compareAndSet"|"list"|"status"|"watch"|"openSession"|"keepSession"|"closeSession"|"members"|"previewMembers"|"changeMembers"|"transferLeadership"|"snapshot");

            /**
             * Encodes the specified Response message. Does not implicitly {@link kv.v1.Response.verify|verify} messages.
             * @param message Response message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: kv.v1.Response.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Response message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {kv.v1.Response & kv.v1.Response.$Shape} Response
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): kv.v1.Response & kv.v1.Response.$Shape;
        }

        namespace Response {

            /** Properties of a Response. */
            interface $Properties {

                /** Response error */
                error?: (kv.v1.Error.$Properties|null);

                /** Response get */
                get?: (kv.v1.GetResponse.$Properties|null);

                /** Response set */
                set?: (kv.v1.SetResponse.$Properties|null);

                /** Response delete */
                "delete"?: (kv.v1.DeleteResponse.$Properties|null);

                /** Response compareAndSet */
                compareAndSet?: (kv.v1.CompareAndSetResponse.$Properties|null);

                /** Response list */
                list?: (kv.v1.ListResponse.$Properties|null);

                /** Response status */
                status?: (kv.v1.StatusResponse.$Properties|null);

                /** Response watch */
                watch?: (kv.v1.WatchResponse.$Properties|null);

                /** Response openSession */
                openSession?: (kv.v1.OpenSessionResponse.$Properties|null);

                /** Response keepSession */
                keepSession?: (kv.v1.KeepSessionResponse.$Properties|null);

                /** Response closeSession */
                closeSession?: (kv.v1.CloseSessionResponse.$Properties|null);

                /** Response members */
                members?: (kv.v1.MembersResponse.$Properties|null);

                /** Response previewMembers */
                previewMembers?: (kv.v1.PreviewMembersResponse.$Properties|null);

                /** Response changeMembers */
                changeMembers?: (kv.v1.ChangeMembersResponse.$Properties|null);

                /** Response transferLeadership */
                transferLeadership?: (kv.v1.TransferLeadershipResponse.$Properties|null);

                /** Response snapshot */
                snapshot?: (kv.v1.SnapshotResponse.$Properties|null);

                /** Response body */
                body?: ("error"|"get"|"set"|"delete"|"compareAndSet"|"list"|"status"|"watch"|"openSession"|"keepSession"|"closeSession"|"members"|"previewMembers"|"changeMembers"|"transferLeadership"|"snapshot");

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Narrowed shape of a Response. */
            type $Shape = {
              error?: kv.v1.Error.$Shape|null;
              get?: kv.v1.GetResponse.$Shape|null;
              set?: kv.v1.SetResponse.$Shape|null;
              "delete"?: kv.v1.DeleteResponse.$Shape|null;
              compareAndSet?: kv.v1.CompareAndSetResponse.$Shape|null;
              list?: kv.v1.ListResponse.$Shape|null;
              status?: kv.v1.StatusResponse.$Shape|null;
              watch?: kv.v1.WatchResponse.$Shape|null;
              openSession?: kv.v1.OpenSessionResponse.$Shape|null;
              keepSession?: kv.v1.KeepSessionResponse.$Shape|null;
              closeSession?: kv.v1.CloseSessionResponse.$Shape|null;
              members?: kv.v1.MembersResponse.$Shape|null;
              previewMembers?: kv.v1.PreviewMembersResponse.$Shape|null;
              changeMembers?: kv.v1.ChangeMembersResponse.$Shape|null;
              transferLeadership?: kv.v1.TransferLeadershipResponse.$Shape|null;
              snapshot?: kv.v1.SnapshotResponse.$Shape|null;
              $unknowns?: Uint8Array[];
            } & (
              ({ body?: undefined; error?: null; get?: null; set?: null; "delete"?: null; compareAndSet?: null; list?: null; status?: null; watch?: null; openSession?: null; keepSession?: null; closeSession?: null; members?: null; previewMembers?: null; changeMembers?: null; transferLeadership?: null; snapshot?: null }|{ body?: "error"; error: kv.v1.Error.$Shape; get?: null; set?: null; "delete"?: null; compareAndSet?: null; list?: null; status?: null; watch?: null; openSession?: null; keepSession?: null; closeSession?: null; members?: null; previewMembers?: null; changeMembers?: null; transferLeadership?: null; snapshot?: null }|{ body?: "get"; error?: null; get: kv.v1.GetResponse.$Shape; set?: null; "delete"?: null; compareAndSet?: null; list?: null; status?: null; watch?: null; openSession?: null; keepSession?: null; closeSession?: null; members?: null; previewMembers?: null; changeMembers?: null; transferLeadership?: null; snapshot?: null }|{ body?: "set"; error?: null; get?: null; set: kv.v1.SetResponse.$Shape; "delete"?: null; compareAndSet?: null; list?: null; status?: null; watch?: null; openSession?: null; keepSession?: null; closeSession?: null; members?: null; previewMembers?: null; changeMembers?: null; transferLeadership?: null; snapshot?: null }|{ body?: "delete"; error?: null; get?: null; set?: null; "delete": kv.v1.DeleteResponse.$Shape; compareAndSet?: null; list?: null; status?: null; watch?: null; openSession?: null; keepSession?: null; closeSession?: null; members?: null; previewMembers?: null; changeMembers?: null; transferLeadership?: null; snapshot?: null }|{ body?: "compareAndSet"; error?: null; get?: null; set?: null; "delete"?: null; compareAndSet: kv.v1.CompareAndSetResponse.$Shape; list?: null; status?: null; watch?: null; openSession?: null; keepSession?: null; closeSession?: null; members?: null; previewMembers?: null; changeMembers?: null; transferLeadership?: null; snapshot?: null }|{ body?: "list"; error?: null; get?: null; set?: null; "delete"?: null; compareAndSet?: null; list: kv.v1.ListResponse.$Shape; status?: null; watch?: null; openSession?: null; keepSession?: null; closeSession?: null; members?: null; previewMembers?: null; changeMembers?: null; transferLeadership?: null; snapshot?: null }|{ body?: "status"; error?: null; get?: null; set?: null; "delete"?: null; compareAndSet?: null; list?: null; status: kv.v1.StatusResponse.$Shape; watch?: null; openSession?: null; keepSession?: null; closeSession?: null; members?: null; previewMembers?: null; changeMembers?: null; transferLeadership?: null; snapshot?: null }|{ body?: "watch"; error?: null; get?: null; set?: null; "delete"?: null; compareAndSet?: null; list?: null; status?: null; watch: kv.v1.WatchResponse.$Shape; openSession?: null; keepSession?: null; closeSession?: null; members?: null; previewMembers?: null; changeMembers?: null; transferLeadership?: null; snapshot?: null }|{ body?: "openSession"; error?: null; get?: null; set?: null; "delete"?: null; compareAndSet?: null; list?: null; status?: null; watch?: null; openSession: kv.v1.OpenSessionResponse.$Shape; keepSession?: null; closeSession?: null; members?: null; previewMembers?: null; changeMembers?: null; transferLeadership?: null; snapshot?: null }|{ body?: "keepSession"; error?: null; get?: null; set?: null; "delete"?: null; compareAndSet?: null; list?: null; status?: null; watch?: null; openSession?: null; keepSession: kv.v1.KeepSessionResponse.$Shape; closeSession?: null; members?: null; previewMembers?: null; changeMembers?: null; transferLeadership?: null; snapshot?: null }|{ body?: "closeSession"; error?: null; get?: null; set?: null; "delete"?: null; compareAndSet?: null; list?: null; status?: null; watch?: null; openSession?: null; keepSession?: null; closeSession: kv.v1.CloseSessionResponse.$Shape; members?: null; previewMembers?: null; changeMembers?: null; transferLeadership?: null; snapshot?: null }|{ body?: "members"; error?: null; get?: null; set?: null; "delete"?: null; compareAndSet?: null; list?: null; status?: null; watch?: null; openSession?: null; keepSession?: null; closeSession?: null; members: kv.v1.MembersResponse.$Shape; previewMembers?: null; changeMembers?: null; transferLeadership?: null; snapshot?: null }|{ body?: "previewMembers"; error?: null; get?: null; set?: null; "delete"?: null; compareAndSet?: null; list?: null; status?: null; watch?: null; openSession?: null; keepSession?: null; closeSession?: null; members?: null; previewMembers: kv.v1.PreviewMembersResponse.$Shape; changeMembers?: null; transferLeadership?: null; snapshot?: null }|{ body?: "changeMembers"; error?: null; get?: null; set?: null; "delete"?: null; compareAndSet?: null; list?: null; status?: null; watch?: null; openSession?: null; keepSession?: null; closeSession?: null; members?: null; previewMembers?: null; changeMembers: kv.v1.ChangeMembersResponse.$Shape; transferLeadership?: null; snapshot?: null }|{ body?: "transferLeadership"; error?: null; get?: null; set?: null; "delete"?: null; compareAndSet?: null; list?: null; status?: null; watch?: null; openSession?: null; keepSession?: null; closeSession?: null; members?: null; previewMembers?: null; changeMembers?: null; transferLeadership: kv.v1.TransferLeadershipResponse.$Shape; snapshot?: null }|{ body?: "snapshot"; error?: null; get?: null; set?: null; "delete"?: null; compareAndSet?: null; list?: null; status?: null; watch?: null; openSession?: null; keepSession?: null; closeSession?: null; members?: null; previewMembers?: null; changeMembers?: null; transferLeadership?: null; snapshot: kv.v1.SnapshotResponse.$Shape })
            );
        }

        /**
         * Properties of a Session.
         * @deprecated Use kv.v1.Session.$Properties instead.
         */
        interface ISession extends kv.v1.Session.$Properties {
        }

        /** Represents a Session. */
        class Session {

            /**
             * Constructs a new Session.
             * @param [properties] Properties to set
             */
            constructor(properties?: kv.v1.Session.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Session id. */
            id: number;

            /** Session sequence. */
            sequence: number;

            /** Session firstUnacknowledged. */
            firstUnacknowledged: number;

            /**
             * Encodes the specified Session message. Does not implicitly {@link kv.v1.Session.verify|verify} messages.
             * @param message Session message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: kv.v1.Session.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Session message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {kv.v1.Session & kv.v1.Session.$Shape} Session
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): kv.v1.Session & kv.v1.Session.$Shape;
        }

        namespace Session {

            /** Properties of a Session. */
            interface $Properties {

                /** Session id */
                id?: (number|null);

                /** Session sequence */
                sequence?: (number|null);

                /** Session firstUnacknowledged */
                firstUnacknowledged?: (number|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a Session. */
            type $Shape = kv.v1.Session.$Properties;
        }

        /**
         * Properties of an Error.
         * @deprecated Use kv.v1.Error.$Properties instead.
         */
        interface IError extends kv.v1.Error.$Properties {
        }

        /** Represents an Error. */
        class Error {

            /**
             * Constructs a new Error.
             * @param [properties] Properties to set
             */
            constructor(properties?: kv.v1.Error.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Error code. */
            code: string;

            /** Error message. */
            message: string;

            /** Error leaderId. */
            leaderId: string;

            /** Error leaderAddress. */
            leaderAddress: string;

            /** Error maybeDone. */
            maybeDone: boolean;

            /** Error oldestRevision. */
            oldestRevision: number;

            /**
             * Encodes the specified Error message. Does not implicitly {@link kv.v1.Error.verify|verify} messages.
             * @param message Error message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: kv.v1.Error.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes an Error message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {kv.v1.Error & kv.v1.Error.$Shape} Error
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): kv.v1.Error & kv.v1.Error.$Shape;
        }

        namespace Error {

            /** Properties of an Error. */
            interface $Properties {

                /** Error code */
                code?: (string|null);

                /** Error message */
                message?: (string|null);

                /** Error leaderId */
                leaderId?: (string|null);

                /** Error leaderAddress */
                leaderAddress?: (string|null);

                /** Error maybeDone */
                maybeDone?: (boolean|null);

                /** Error oldestRevision */
                oldestRevision?: (number|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of an Error. */
            type $Shape = kv.v1.Error.$Properties;
        }

        /**
         * Properties of a Command.
         * @deprecated Use kv.v1.Command.$Properties instead.
         */
        interface ICommand extends kv.v1.Command.$Properties {
        }

        /** Represents a Command. */
        class Command {

            /**
             * Constructs a new Command.
             * @param [properties] Properties to set
             */
            constructor(properties?: kv.v1.Command.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Command set. */
            set?: (kv.v1.SetRequest.$Properties|null);

            /** Command delete. */
            delete?: (kv.v1.DeleteRequest.$Properties|null);

            /** Command compareAndSet. */
            compareAndSet?: (kv.v1.CompareAndSetRequest.$Properties|null);

            /** Command body. */
            body?: ("set"|"delete"|"compareAndSet");

            /**
             * Encodes the specified Command message. Does not implicitly {@link kv.v1.Command.verify|verify} messages.
             * @param message Command message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: kv.v1.Command.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Command message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {kv.v1.Command & kv.v1.Command.$Shape} Command
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): kv.v1.Command & kv.v1.Command.$Shape;
        }

        namespace Command {

            /** Properties of a Command. */
            interface $Properties {

                /** Command set */
                set?: (kv.v1.SetRequest.$Properties|null);

                /** Command delete */
                "delete"?: (kv.v1.DeleteRequest.$Properties|null);

                /** Command compareAndSet */
                compareAndSet?: (kv.v1.CompareAndSetRequest.$Properties|null);

                /** Command body */
                body?: ("set"|"delete"|"compareAndSet");

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Narrowed shape of a Command. */
            type $Shape = {
              set?: kv.v1.SetRequest.$Shape|null;
              "delete"?: kv.v1.DeleteRequest.$Shape|null;
              compareAndSet?: kv.v1.CompareAndSetRequest.$Shape|null;
              $unknowns?: Uint8Array[];
            } & (
              ({ body?: undefined; set?: null; "delete"?: null; compareAndSet?: null }|{ body?: "set"; set: kv.v1.SetRequest.$Shape; "delete"?: null; compareAndSet?: null }|{ body?: "delete"; set?: null; "delete": kv.v1.DeleteRequest.$Shape; compareAndSet?: null }|{ body?: "compareAndSet"; set?: null; "delete"?: null; compareAndSet: kv.v1.CompareAndSetRequest.$Shape })
            );
        }

        /**
         * Properties of a ReadLevel.
         * @deprecated Use kv.v1.ReadLevel.$Properties instead.
         */
        interface IReadLevel extends kv.v1.ReadLevel.$Properties {
        }

        /** Represents a ReadLevel. */
        class ReadLevel {

            /**
             * Constructs a new ReadLevel.
             * @param [properties] Properties to set
             */
            constructor(properties?: kv.v1.ReadLevel.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** ReadLevel lease. */
            lease?: (boolean|null);

            /** ReadLevel local. */
            local?: (boolean|null);

            /** ReadLevel atLeast. */
            atLeast?: (number|null);

            /** ReadLevel boundedStalenessMs. */
            boundedStalenessMs?: (number|null);

            /** ReadLevel level. */
            level?: ("lease"|"local"|"atLeast"|"boundedStalenessMs");

            /**
             * Encodes the specified ReadLevel message. Does not implicitly {@link kv.v1.ReadLevel.verify|verify} messages.
             * @param message ReadLevel message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: kv.v1.ReadLevel.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a ReadLevel message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {kv.v1.ReadLevel & kv.v1.ReadLevel.$Shape} ReadLevel
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): kv.v1.ReadLevel & kv.v1.ReadLevel.$Shape;
        }

        namespace ReadLevel {

            /** Properties of a ReadLevel. */
            interface $Properties {

                /** ReadLevel lease */
                lease?: (boolean|null);

                /** ReadLevel local */
                local?: (boolean|null);

                /** ReadLevel atLeast */
                atLeast?: (number|null);

                /** ReadLevel boundedStalenessMs */
                boundedStalenessMs?: (number|null);

                /** ReadLevel level */
                level?: ("lease"|"local"|"atLeast"|"boundedStalenessMs");

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Narrowed shape of a ReadLevel. */
            type $Shape = {
              lease?: boolean|null;
              local?: boolean|null;
              atLeast?: number|null;
              boundedStalenessMs?: number|null;
              $unknowns?: Uint8Array[];
            } & (
              ({ level?: undefined; lease?: null; local?: null; atLeast?: null; boundedStalenessMs?: null }|{ level?: "lease"; lease: boolean; local?: null; atLeast?: null; boundedStalenessMs?: null }|{ level?: "local"; lease?: null; local: boolean; atLeast?: null; boundedStalenessMs?: null }|{ level?: "atLeast"; lease?: null; local?: null; atLeast: number; boundedStalenessMs?: null }|{ level?: "boundedStalenessMs"; lease?: null; local?: null; atLeast?: null; boundedStalenessMs: number })
            );
        }

        /**
         * Properties of a GetRequest.
         * @deprecated Use kv.v1.GetRequest.$Properties instead.
         */
        interface IGetRequest extends kv.v1.GetRequest.$Properties {
        }

        /** Represents a GetRequest. */
        class GetRequest {

            /**
             * Constructs a new GetRequest.
             * @param [properties] Properties to set
             */
            constructor(properties?: kv.v1.GetRequest.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** GetRequest key. */
            key: Uint8Array;

            /** GetRequest level. */
            level?: (kv.v1.ReadLevel.$Properties|null);

            /**
             * Encodes the specified GetRequest message. Does not implicitly {@link kv.v1.GetRequest.verify|verify} messages.
             * @param message GetRequest message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: kv.v1.GetRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a GetRequest message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {kv.v1.GetRequest & kv.v1.GetRequest.$Shape} GetRequest
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): kv.v1.GetRequest & kv.v1.GetRequest.$Shape;
        }

        namespace GetRequest {

            /** Properties of a GetRequest. */
            interface $Properties {

                /** GetRequest key */
                key?: (Uint8Array|null);

                /** GetRequest level */
                level?: (kv.v1.ReadLevel.$Properties|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a GetRequest. */
            type $Shape = {
              key?: Uint8Array|null;
              level?: kv.v1.ReadLevel.$Shape|null;
              $unknowns?: Uint8Array[];
            };
        }

        /**
         * Properties of a GetResponse.
         * @deprecated Use kv.v1.GetResponse.$Properties instead.
         */
        interface IGetResponse extends kv.v1.GetResponse.$Properties {
        }

        /** Represents a GetResponse. */
        class GetResponse {

            /**
             * Constructs a new GetResponse.
             * @param [properties] Properties to set
             */
            constructor(properties?: kv.v1.GetResponse.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** GetResponse found. */
            found: boolean;

            /** GetResponse value. */
            value: Uint8Array;

            /** GetResponse revision. */
            revision: number;

            /**
             * Encodes the specified GetResponse message. Does not implicitly {@link kv.v1.GetResponse.verify|verify} messages.
             * @param message GetResponse message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: kv.v1.GetResponse.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a GetResponse message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {kv.v1.GetResponse & kv.v1.GetResponse.$Shape} GetResponse
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): kv.v1.GetResponse & kv.v1.GetResponse.$Shape;
        }

        namespace GetResponse {

            /** Properties of a GetResponse. */
            interface $Properties {

                /** GetResponse found */
                found?: (boolean|null);

                /** GetResponse value */
                value?: (Uint8Array|null);

                /** GetResponse revision */
                revision?: (number|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a GetResponse. */
            type $Shape = kv.v1.GetResponse.$Properties;
        }

        /**
         * Properties of a SetRequest.
         * @deprecated Use kv.v1.SetRequest.$Properties instead.
         */
        interface ISetRequest extends kv.v1.SetRequest.$Properties {
        }

        /** Represents a SetRequest. */
        class SetRequest {

            /**
             * Constructs a new SetRequest.
             * @param [properties] Properties to set
             */
            constructor(properties?: kv.v1.SetRequest.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** SetRequest key. */
            key: Uint8Array;

            /** SetRequest value. */
            value: Uint8Array;

            /** SetRequest session. */
            session?: (kv.v1.Session.$Properties|null);

            /**
             * Encodes the specified SetRequest message. Does not implicitly {@link kv.v1.SetRequest.verify|verify} messages.
             * @param message SetRequest message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: kv.v1.SetRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a SetRequest message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {kv.v1.SetRequest & kv.v1.SetRequest.$Shape} SetRequest
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): kv.v1.SetRequest & kv.v1.SetRequest.$Shape;
        }

        namespace SetRequest {

            /** Properties of a SetRequest. */
            interface $Properties {

                /** SetRequest key */
                key?: (Uint8Array|null);

                /** SetRequest value */
                value?: (Uint8Array|null);

                /** SetRequest session */
                session?: (kv.v1.Session.$Properties|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a SetRequest. */
            type $Shape = kv.v1.SetRequest.$Properties;
        }

        /**
         * Properties of a SetResponse.
         * @deprecated Use kv.v1.SetResponse.$Properties instead.
         */
        interface ISetResponse extends kv.v1.SetResponse.$Properties {
        }

        /** Represents a SetResponse. */
        class SetResponse {

            /**
             * Constructs a new SetResponse.
             * @param [properties] Properties to set
             */
            constructor(properties?: kv.v1.SetResponse.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** SetResponse revision. */
            revision: number;

            /**
             * Encodes the specified SetResponse message. Does not implicitly {@link kv.v1.SetResponse.verify|verify} messages.
             * @param message SetResponse message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: kv.v1.SetResponse.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a SetResponse message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {kv.v1.SetResponse & kv.v1.SetResponse.$Shape} SetResponse
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): kv.v1.SetResponse & kv.v1.SetResponse.$Shape;
        }

        namespace SetResponse {

            /** Properties of a SetResponse. */
            interface $Properties {

                /** SetResponse revision */
                revision?: (number|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a SetResponse. */
            type $Shape = kv.v1.SetResponse.$Properties;
        }

        /**
         * Properties of a DeleteRequest.
         * @deprecated Use kv.v1.DeleteRequest.$Properties instead.
         */
        interface IDeleteRequest extends kv.v1.DeleteRequest.$Properties {
        }

        /** Represents a DeleteRequest. */
        class DeleteRequest {

            /**
             * Constructs a new DeleteRequest.
             * @param [properties] Properties to set
             */
            constructor(properties?: kv.v1.DeleteRequest.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** DeleteRequest key. */
            key: Uint8Array;

            /** DeleteRequest session. */
            session?: (kv.v1.Session.$Properties|null);

            /**
             * Encodes the specified DeleteRequest message. Does not implicitly {@link kv.v1.DeleteRequest.verify|verify} messages.
             * @param message DeleteRequest message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: kv.v1.DeleteRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a DeleteRequest message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {kv.v1.DeleteRequest & kv.v1.DeleteRequest.$Shape} DeleteRequest
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): kv.v1.DeleteRequest & kv.v1.DeleteRequest.$Shape;
        }

        namespace DeleteRequest {

            /** Properties of a DeleteRequest. */
            interface $Properties {

                /** DeleteRequest key */
                key?: (Uint8Array|null);

                /** DeleteRequest session */
                session?: (kv.v1.Session.$Properties|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a DeleteRequest. */
            type $Shape = kv.v1.DeleteRequest.$Properties;
        }

        /**
         * Properties of a DeleteResponse.
         * @deprecated Use kv.v1.DeleteResponse.$Properties instead.
         */
        interface IDeleteResponse extends kv.v1.DeleteResponse.$Properties {
        }

        /** Represents a DeleteResponse. */
        class DeleteResponse {

            /**
             * Constructs a new DeleteResponse.
             * @param [properties] Properties to set
             */
            constructor(properties?: kv.v1.DeleteResponse.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** DeleteResponse existed. */
            existed: boolean;

            /** DeleteResponse revision. */
            revision: number;

            /**
             * Encodes the specified DeleteResponse message. Does not implicitly {@link kv.v1.DeleteResponse.verify|verify} messages.
             * @param message DeleteResponse message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: kv.v1.DeleteResponse.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a DeleteResponse message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {kv.v1.DeleteResponse & kv.v1.DeleteResponse.$Shape} DeleteResponse
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): kv.v1.DeleteResponse & kv.v1.DeleteResponse.$Shape;
        }

        namespace DeleteResponse {

            /** Properties of a DeleteResponse. */
            interface $Properties {

                /** DeleteResponse existed */
                existed?: (boolean|null);

                /** DeleteResponse revision */
                revision?: (number|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a DeleteResponse. */
            type $Shape = kv.v1.DeleteResponse.$Properties;
        }

        /**
         * Properties of a CompareAndSetRequest.
         * @deprecated Use kv.v1.CompareAndSetRequest.$Properties instead.
         */
        interface ICompareAndSetRequest extends kv.v1.CompareAndSetRequest.$Properties {
        }

        /** Represents a CompareAndSetRequest. */
        class CompareAndSetRequest {

            /**
             * Constructs a new CompareAndSetRequest.
             * @param [properties] Properties to set
             */
            constructor(properties?: kv.v1.CompareAndSetRequest.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** CompareAndSetRequest key. */
            key: Uint8Array;

            /** CompareAndSetRequest absent. */
            absent?: (boolean|null);

            /** CompareAndSetRequest expectedValue. */
            expectedValue?: (Uint8Array|null);

            /** CompareAndSetRequest expectedRevision. */
            expectedRevision?: (number|null);

            /** CompareAndSetRequest value. */
            value: Uint8Array;

            /** CompareAndSetRequest session. */
            session?: (kv.v1.Session.$Properties|null);

            /** CompareAndSetRequest expected. */
            expected?: ("absent"|"expectedValue"|"expectedRevision");

            /**
             * Encodes the specified CompareAndSetRequest message. Does not implicitly {@link kv.v1.CompareAndSetRequest.verify|verify} messages.
             * @param message CompareAndSetRequest message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: kv.v1.CompareAndSetRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a CompareAndSetRequest message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {kv.v1.CompareAndSetRequest & kv.v1.CompareAndSetRequest.$Shape} CompareAndSetRequest
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): kv.v1.CompareAndSetRequest & kv.v1.CompareAndSetRequest.$Shape;
        }

        namespace CompareAndSetRequest {

            /** Properties of a CompareAndSetRequest. */
            interface $Properties {

                /** CompareAndSetRequest key */
                key?: (Uint8Array|null);

                /** CompareAndSetRequest absent */
                absent?: (boolean|null);

                /** CompareAndSetRequest expectedValue */
                expectedValue?: (Uint8Array|null);

                /** CompareAndSetRequest expectedRevision */
                expectedRevision?: (number|null);

                /** CompareAndSetRequest value */
                value?: (Uint8Array|null);

                /** CompareAndSetRequest session */
                session?: (kv.v1.Session.$Properties|null);

                /** CompareAndSetRequest expected */
                expected?: ("absent"|"expectedValue"|"expectedRevision");

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Narrowed shape of a CompareAndSetRequest. */
            type $Shape = {
              key?: Uint8Array|null;
              absent?: boolean|null;
              expectedValue?: Uint8Array|null;
              expectedRevision?: number|null;
              value?: Uint8Array|null;
              session?: kv.v1.Session.$Shape|null;
              $unknowns?: Uint8Array[];
            } & (
              ({ expected?: undefined; absent?: null; expectedValue?: null; expectedRevision?: null }|{ expected?: "absent"; absent: boolean; expectedValue?: null; expectedRevision?: null }|{ expected?: "expectedValue"; absent?: null; expectedValue: Uint8Array; expectedRevision?: null }|{ expected?: "expectedRevision"; absent?: null; expectedValue?: null; expectedRevision: number })
            );
        }

        /**
         * Properties of a CompareAndSetResponse.
         * @deprecated Use kv.v1.CompareAndSetResponse.$Properties instead.
         */
        interface ICompareAndSetResponse extends kv.v1.CompareAndSetResponse.$Properties {
        }

        /** Represents a CompareAndSetResponse. */
        class CompareAndSetResponse {

            /**
             * Constructs a new CompareAndSetResponse.
             * @param [properties] Properties to set
             */
            constructor(properties?: kv.v1.CompareAndSetResponse.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** CompareAndSetResponse swapped. */
            swapped: boolean;

            /** CompareAndSetResponse current. */
            current?: (kv.v1.GetResponse.$Properties|null);

            /**
             * Encodes the specified CompareAndSetResponse message. Does not implicitly {@link kv.v1.CompareAndSetResponse.verify|verify} messages.
             * @param message CompareAndSetResponse message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: kv.v1.CompareAndSetResponse.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a CompareAndSetResponse message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {kv.v1.CompareAndSetResponse & kv.v1.CompareAndSetResponse.$Shape} CompareAndSetResponse
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): kv.v1.CompareAndSetResponse & kv.v1.CompareAndSetResponse.$Shape;
        }

        namespace CompareAndSetResponse {

            /** Properties of a CompareAndSetResponse. */
            interface $Properties {

                /** CompareAndSetResponse swapped */
                swapped?: (boolean|null);

                /** CompareAndSetResponse current */
                current?: (kv.v1.GetResponse.$Properties|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a CompareAndSetResponse. */
            type $Shape = kv.v1.CompareAndSetResponse.$Properties;
        }

        /**
         * Properties of a ListRequest.
         * @deprecated Use kv.v1.ListRequest.$Properties instead.
         */
        interface IListRequest extends kv.v1.ListRequest.$Properties {
        }

        /** Represents a ListRequest. */
        class ListRequest {

            /**
             * Constructs a new ListRequest.
             * @param [properties] Properties to set
             */
            constructor(properties?: kv.v1.ListRequest.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** ListRequest prefix. */
            prefix: Uint8Array;

            /** ListRequest limit. */
            limit: number;

            /** ListRequest after. */
            after: Uint8Array;

            /** ListRequest level. */
            level?: (kv.v1.ReadLevel.$Properties|null);

            /**
             * Encodes the specified ListRequest message. Does not implicitly {@link kv.v1.ListRequest.verify|verify} messages.
             * @param message ListRequest message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: kv.v1.ListRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a ListRequest message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {kv.v1.ListRequest & kv.v1.ListRequest.$Shape} ListRequest
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): kv.v1.ListRequest & kv.v1.ListRequest.$Shape;
        }

        namespace ListRequest {

            /** Properties of a ListRequest. */
            interface $Properties {

                /** ListRequest prefix */
                prefix?: (Uint8Array|null);

                /** ListRequest limit */
                limit?: (number|null);

                /** ListRequest after */
                after?: (Uint8Array|null);

                /** ListRequest level */
                level?: (kv.v1.ReadLevel.$Properties|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a ListRequest. */
            type $Shape = {
              prefix?: Uint8Array|null;
              limit?: number|null;
              after?: Uint8Array|null;
              level?: kv.v1.ReadLevel.$Shape|null;
              $unknowns?: Uint8Array[];
            };
        }

        /**
         * Properties of a ListResponse.
         * @deprecated Use kv.v1.ListResponse.$Properties instead.
         */
        interface IListResponse extends kv.v1.ListResponse.$Properties {
        }

        /** Represents a ListResponse. */
        class ListResponse {

            /**
             * Constructs a new ListResponse.
             * @param [properties] Properties to set
             */
            constructor(properties?: kv.v1.ListResponse.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** ListResponse items. */
            items: kv.v1.KeyValue.$Properties[];

            /** ListResponse more. */
            more: boolean;

            /**
             * Encodes the specified ListResponse message. Does not implicitly {@link kv.v1.ListResponse.verify|verify} messages.
             * @param message ListResponse message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: kv.v1.ListResponse.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a ListResponse message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {kv.v1.ListResponse & kv.v1.ListResponse.$Shape} ListResponse
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): kv.v1.ListResponse & kv.v1.ListResponse.$Shape;
        }

        namespace ListResponse {

            /** Properties of a ListResponse. */
            interface $Properties {

                /** ListResponse items */
                items?: (kv.v1.KeyValue.$Properties[]|null);

                /** ListResponse more */
                more?: (boolean|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a ListResponse. */
            type $Shape = kv.v1.ListResponse.$Properties;
        }

        /**
         * Properties of a KeyValue.
         * @deprecated Use kv.v1.KeyValue.$Properties instead.
         */
        interface IKeyValue extends kv.v1.KeyValue.$Properties {
        }

        /** Represents a KeyValue. */
        class KeyValue {

            /**
             * Constructs a new KeyValue.
             * @param [properties] Properties to set
             */
            constructor(properties?: kv.v1.KeyValue.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** KeyValue key. */
            key: Uint8Array;

            /** KeyValue value. */
            value: Uint8Array;

            /** KeyValue revision. */
            revision: number;

            /**
             * Encodes the specified KeyValue message. Does not implicitly {@link kv.v1.KeyValue.verify|verify} messages.
             * @param message KeyValue message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: kv.v1.KeyValue.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a KeyValue message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {kv.v1.KeyValue & kv.v1.KeyValue.$Shape} KeyValue
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): kv.v1.KeyValue & kv.v1.KeyValue.$Shape;
        }

        namespace KeyValue {

            /** Properties of a KeyValue. */
            interface $Properties {

                /** KeyValue key */
                key?: (Uint8Array|null);

                /** KeyValue value */
                value?: (Uint8Array|null);

                /** KeyValue revision */
                revision?: (number|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a KeyValue. */
            type $Shape = kv.v1.KeyValue.$Properties;
        }

        /**
         * Properties of a StatusRequest.
         * @deprecated Use kv.v1.StatusRequest.$Properties instead.
         */
        interface IStatusRequest extends kv.v1.StatusRequest.$Properties {
        }

        /** Represents a StatusRequest. */
        class StatusRequest {

            /**
             * Constructs a new StatusRequest.
             * @param [properties] Properties to set
             */
            constructor(properties?: kv.v1.StatusRequest.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /**
             * Encodes the specified StatusRequest message. Does not implicitly {@link kv.v1.StatusRequest.verify|verify} messages.
             * @param message StatusRequest message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: kv.v1.StatusRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a StatusRequest message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {kv.v1.StatusRequest & kv.v1.StatusRequest.$Shape} StatusRequest
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): kv.v1.StatusRequest & kv.v1.StatusRequest.$Shape;
        }

        namespace StatusRequest {

            /** Properties of a StatusRequest. */
            interface $Properties {

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a StatusRequest. */
            type $Shape = kv.v1.StatusRequest.$Properties;
        }

        /**
         * Properties of a StatusResponse.
         * @deprecated Use kv.v1.StatusResponse.$Properties instead.
         */
        interface IStatusResponse extends kv.v1.StatusResponse.$Properties {
        }

        /** Represents a StatusResponse. */
        class StatusResponse {

            /**
             * Constructs a new StatusResponse.
             * @param [properties] Properties to set
             */
            constructor(properties?: kv.v1.StatusResponse.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** StatusResponse id. */
            id: string;

            /** StatusResponse clusterId. */
            clusterId: string;

            /** StatusResponse role. */
            role: string;

            /** StatusResponse term. */
            term: number;

            /** StatusResponse leaderId. */
            leaderId: string;

            /** StatusResponse commitIndex. */
            commitIndex: number;

            /** StatusResponse appliedIndex. */
            appliedIndex: number;

            /** StatusResponse firstIndex. */
            firstIndex: number;

            /** StatusResponse lastIndex. */
            lastIndex: number;

            /** StatusResponse snapshotIndex. */
            snapshotIndex: number;

            /** StatusResponse membership. */
            membership?: (kv.v1.Membership.$Properties|null);

            /** StatusResponse peers. */
            peers: kv.v1.PeerStatus.$Properties[];

            /** StatusResponse version. */
            version: string;

            /** StatusResponse storeId. */
            storeId: string;

            /** StatusResponse diskFull. */
            diskFull: boolean;

            /** StatusResponse healthy. */
            healthy: boolean;

            /** StatusResponse removed. */
            removed: boolean;

            /**
             * Encodes the specified StatusResponse message. Does not implicitly {@link kv.v1.StatusResponse.verify|verify} messages.
             * @param message StatusResponse message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: kv.v1.StatusResponse.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a StatusResponse message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {kv.v1.StatusResponse & kv.v1.StatusResponse.$Shape} StatusResponse
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): kv.v1.StatusResponse & kv.v1.StatusResponse.$Shape;
        }

        namespace StatusResponse {

            /** Properties of a StatusResponse. */
            interface $Properties {

                /** StatusResponse id */
                id?: (string|null);

                /** StatusResponse clusterId */
                clusterId?: (string|null);

                /** StatusResponse role */
                role?: (string|null);

                /** StatusResponse term */
                term?: (number|null);

                /** StatusResponse leaderId */
                leaderId?: (string|null);

                /** StatusResponse commitIndex */
                commitIndex?: (number|null);

                /** StatusResponse appliedIndex */
                appliedIndex?: (number|null);

                /** StatusResponse firstIndex */
                firstIndex?: (number|null);

                /** StatusResponse lastIndex */
                lastIndex?: (number|null);

                /** StatusResponse snapshotIndex */
                snapshotIndex?: (number|null);

                /** StatusResponse membership */
                membership?: (kv.v1.Membership.$Properties|null);

                /** StatusResponse peers */
                peers?: (kv.v1.PeerStatus.$Properties[]|null);

                /** StatusResponse version */
                version?: (string|null);

                /** StatusResponse storeId */
                storeId?: (string|null);

                /** StatusResponse diskFull */
                diskFull?: (boolean|null);

                /** StatusResponse healthy */
                healthy?: (boolean|null);

                /** StatusResponse removed */
                removed?: (boolean|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a StatusResponse. */
            type $Shape = kv.v1.StatusResponse.$Properties;
        }

        /**
         * Properties of a WatchRequest.
         * @deprecated Use kv.v1.WatchRequest.$Properties instead.
         */
        interface IWatchRequest extends kv.v1.WatchRequest.$Properties {
        }

        /** Represents a WatchRequest. */
        class WatchRequest {

            /**
             * Constructs a new WatchRequest.
             * @param [properties] Properties to set
             */
            constructor(properties?: kv.v1.WatchRequest.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** WatchRequest key. */
            key?: (Uint8Array|null);

            /** WatchRequest prefix. */
            prefix?: (Uint8Array|null);

            /** WatchRequest fromRevision. */
            fromRevision: number;

            /** WatchRequest waitMs. */
            waitMs: number;

            /** WatchRequest select. */
            select?: ("key"|"prefix");

            /**
             * Encodes the specified WatchRequest message. Does not implicitly {@link kv.v1.WatchRequest.verify|verify} messages.
             * @param message WatchRequest message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: kv.v1.WatchRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a WatchRequest message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {kv.v1.WatchRequest & kv.v1.WatchRequest.$Shape} WatchRequest
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): kv.v1.WatchRequest & kv.v1.WatchRequest.$Shape;
        }

        namespace WatchRequest {

            /** Properties of a WatchRequest. */
            interface $Properties {

                /** WatchRequest key */
                key?: (Uint8Array|null);

                /** WatchRequest prefix */
                prefix?: (Uint8Array|null);

                /** WatchRequest fromRevision */
                fromRevision?: (number|null);

                /** WatchRequest waitMs */
                waitMs?: (number|null);

                /** WatchRequest select */
                select?: ("key"|"prefix");

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Narrowed shape of a WatchRequest. */
            type $Shape = {
              key?: Uint8Array|null;
              prefix?: Uint8Array|null;
              fromRevision?: number|null;
              waitMs?: number|null;
              $unknowns?: Uint8Array[];
            } & (
              ({ select?: undefined; key?: null; prefix?: null }|{ select?: "key"; key: Uint8Array; prefix?: null }|{ select?: "prefix"; key?: null; prefix: Uint8Array })
            );
        }

        /**
         * Properties of a WatchResponse.
         * @deprecated Use kv.v1.WatchResponse.$Properties instead.
         */
        interface IWatchResponse extends kv.v1.WatchResponse.$Properties {
        }

        /** Represents a WatchResponse. */
        class WatchResponse {

            /**
             * Constructs a new WatchResponse.
             * @param [properties] Properties to set
             */
            constructor(properties?: kv.v1.WatchResponse.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** WatchResponse changes. */
            changes: kv.v1.Change.$Properties[];

            /** WatchResponse nextRevision. */
            nextRevision: number;

            /**
             * Encodes the specified WatchResponse message. Does not implicitly {@link kv.v1.WatchResponse.verify|verify} messages.
             * @param message WatchResponse message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: kv.v1.WatchResponse.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a WatchResponse message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {kv.v1.WatchResponse & kv.v1.WatchResponse.$Shape} WatchResponse
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): kv.v1.WatchResponse & kv.v1.WatchResponse.$Shape;
        }

        namespace WatchResponse {

            /** Properties of a WatchResponse. */
            interface $Properties {

                /** WatchResponse changes */
                changes?: (kv.v1.Change.$Properties[]|null);

                /** WatchResponse nextRevision */
                nextRevision?: (number|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a WatchResponse. */
            type $Shape = kv.v1.WatchResponse.$Properties;
        }

        /**
         * Properties of a Change.
         * @deprecated Use kv.v1.Change.$Properties instead.
         */
        interface IChange extends kv.v1.Change.$Properties {
        }

        /** Represents a Change. */
        class Change {

            /**
             * Constructs a new Change.
             * @param [properties] Properties to set
             */
            constructor(properties?: kv.v1.Change.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Change key. */
            key: Uint8Array;

            /** Change value. */
            value: Uint8Array;

            /** Change revision. */
            revision: number;

            /** Change deleted. */
            deleted: boolean;

            /**
             * Encodes the specified Change message. Does not implicitly {@link kv.v1.Change.verify|verify} messages.
             * @param message Change message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: kv.v1.Change.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Change message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {kv.v1.Change & kv.v1.Change.$Shape} Change
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): kv.v1.Change & kv.v1.Change.$Shape;
        }

        namespace Change {

            /** Properties of a Change. */
            interface $Properties {

                /** Change key */
                key?: (Uint8Array|null);

                /** Change value */
                value?: (Uint8Array|null);

                /** Change revision */
                revision?: (number|null);

                /** Change deleted */
                deleted?: (boolean|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a Change. */
            type $Shape = kv.v1.Change.$Properties;
        }

        /**
         * Properties of an OpenSessionRequest.
         * @deprecated Use kv.v1.OpenSessionRequest.$Properties instead.
         */
        interface IOpenSessionRequest extends kv.v1.OpenSessionRequest.$Properties {
        }

        /** Represents an OpenSessionRequest. */
        class OpenSessionRequest {

            /**
             * Constructs a new OpenSessionRequest.
             * @param [properties] Properties to set
             */
            constructor(properties?: kv.v1.OpenSessionRequest.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /**
             * Encodes the specified OpenSessionRequest message. Does not implicitly {@link kv.v1.OpenSessionRequest.verify|verify} messages.
             * @param message OpenSessionRequest message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: kv.v1.OpenSessionRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes an OpenSessionRequest message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {kv.v1.OpenSessionRequest & kv.v1.OpenSessionRequest.$Shape} OpenSessionRequest
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): kv.v1.OpenSessionRequest & kv.v1.OpenSessionRequest.$Shape;
        }

        namespace OpenSessionRequest {

            /** Properties of an OpenSessionRequest. */
            interface $Properties {

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of an OpenSessionRequest. */
            type $Shape = kv.v1.OpenSessionRequest.$Properties;
        }

        /**
         * Properties of an OpenSessionResponse.
         * @deprecated Use kv.v1.OpenSessionResponse.$Properties instead.
         */
        interface IOpenSessionResponse extends kv.v1.OpenSessionResponse.$Properties {
        }

        /** Represents an OpenSessionResponse. */
        class OpenSessionResponse {

            /**
             * Constructs a new OpenSessionResponse.
             * @param [properties] Properties to set
             */
            constructor(properties?: kv.v1.OpenSessionResponse.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** OpenSessionResponse id. */
            id: number;

            /**
             * Encodes the specified OpenSessionResponse message. Does not implicitly {@link kv.v1.OpenSessionResponse.verify|verify} messages.
             * @param message OpenSessionResponse message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: kv.v1.OpenSessionResponse.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes an OpenSessionResponse message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {kv.v1.OpenSessionResponse & kv.v1.OpenSessionResponse.$Shape} OpenSessionResponse
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): kv.v1.OpenSessionResponse & kv.v1.OpenSessionResponse.$Shape;
        }

        namespace OpenSessionResponse {

            /** Properties of an OpenSessionResponse. */
            interface $Properties {

                /** OpenSessionResponse id */
                id?: (number|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of an OpenSessionResponse. */
            type $Shape = kv.v1.OpenSessionResponse.$Properties;
        }

        /**
         * Properties of a KeepSessionRequest.
         * @deprecated Use kv.v1.KeepSessionRequest.$Properties instead.
         */
        interface IKeepSessionRequest extends kv.v1.KeepSessionRequest.$Properties {
        }

        /** Represents a KeepSessionRequest. */
        class KeepSessionRequest {

            /**
             * Constructs a new KeepSessionRequest.
             * @param [properties] Properties to set
             */
            constructor(properties?: kv.v1.KeepSessionRequest.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** KeepSessionRequest id. */
            id: number;

            /**
             * Encodes the specified KeepSessionRequest message. Does not implicitly {@link kv.v1.KeepSessionRequest.verify|verify} messages.
             * @param message KeepSessionRequest message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: kv.v1.KeepSessionRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a KeepSessionRequest message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {kv.v1.KeepSessionRequest & kv.v1.KeepSessionRequest.$Shape} KeepSessionRequest
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): kv.v1.KeepSessionRequest & kv.v1.KeepSessionRequest.$Shape;
        }

        namespace KeepSessionRequest {

            /** Properties of a KeepSessionRequest. */
            interface $Properties {

                /** KeepSessionRequest id */
                id?: (number|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a KeepSessionRequest. */
            type $Shape = kv.v1.KeepSessionRequest.$Properties;
        }

        /**
         * Properties of a KeepSessionResponse.
         * @deprecated Use kv.v1.KeepSessionResponse.$Properties instead.
         */
        interface IKeepSessionResponse extends kv.v1.KeepSessionResponse.$Properties {
        }

        /** Represents a KeepSessionResponse. */
        class KeepSessionResponse {

            /**
             * Constructs a new KeepSessionResponse.
             * @param [properties] Properties to set
             */
            constructor(properties?: kv.v1.KeepSessionResponse.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /**
             * Encodes the specified KeepSessionResponse message. Does not implicitly {@link kv.v1.KeepSessionResponse.verify|verify} messages.
             * @param message KeepSessionResponse message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: kv.v1.KeepSessionResponse.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a KeepSessionResponse message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {kv.v1.KeepSessionResponse & kv.v1.KeepSessionResponse.$Shape} KeepSessionResponse
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): kv.v1.KeepSessionResponse & kv.v1.KeepSessionResponse.$Shape;
        }

        namespace KeepSessionResponse {

            /** Properties of a KeepSessionResponse. */
            interface $Properties {

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a KeepSessionResponse. */
            type $Shape = kv.v1.KeepSessionResponse.$Properties;
        }

        /**
         * Properties of a CloseSessionRequest.
         * @deprecated Use kv.v1.CloseSessionRequest.$Properties instead.
         */
        interface ICloseSessionRequest extends kv.v1.CloseSessionRequest.$Properties {
        }

        /** Represents a CloseSessionRequest. */
        class CloseSessionRequest {

            /**
             * Constructs a new CloseSessionRequest.
             * @param [properties] Properties to set
             */
            constructor(properties?: kv.v1.CloseSessionRequest.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** CloseSessionRequest id. */
            id: number;

            /**
             * Encodes the specified CloseSessionRequest message. Does not implicitly {@link kv.v1.CloseSessionRequest.verify|verify} messages.
             * @param message CloseSessionRequest message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: kv.v1.CloseSessionRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a CloseSessionRequest message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {kv.v1.CloseSessionRequest & kv.v1.CloseSessionRequest.$Shape} CloseSessionRequest
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): kv.v1.CloseSessionRequest & kv.v1.CloseSessionRequest.$Shape;
        }

        namespace CloseSessionRequest {

            /** Properties of a CloseSessionRequest. */
            interface $Properties {

                /** CloseSessionRequest id */
                id?: (number|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a CloseSessionRequest. */
            type $Shape = kv.v1.CloseSessionRequest.$Properties;
        }

        /**
         * Properties of a CloseSessionResponse.
         * @deprecated Use kv.v1.CloseSessionResponse.$Properties instead.
         */
        interface ICloseSessionResponse extends kv.v1.CloseSessionResponse.$Properties {
        }

        /** Represents a CloseSessionResponse. */
        class CloseSessionResponse {

            /**
             * Constructs a new CloseSessionResponse.
             * @param [properties] Properties to set
             */
            constructor(properties?: kv.v1.CloseSessionResponse.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /**
             * Encodes the specified CloseSessionResponse message. Does not implicitly {@link kv.v1.CloseSessionResponse.verify|verify} messages.
             * @param message CloseSessionResponse message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: kv.v1.CloseSessionResponse.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a CloseSessionResponse message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {kv.v1.CloseSessionResponse & kv.v1.CloseSessionResponse.$Shape} CloseSessionResponse
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): kv.v1.CloseSessionResponse & kv.v1.CloseSessionResponse.$Shape;
        }

        namespace CloseSessionResponse {

            /** Properties of a CloseSessionResponse. */
            interface $Properties {

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a CloseSessionResponse. */
            type $Shape = kv.v1.CloseSessionResponse.$Properties;
        }

        /**
         * Properties of a MembersRequest.
         * @deprecated Use kv.v1.MembersRequest.$Properties instead.
         */
        interface IMembersRequest extends kv.v1.MembersRequest.$Properties {
        }

        /** Represents a MembersRequest. */
        class MembersRequest {

            /**
             * Constructs a new MembersRequest.
             * @param [properties] Properties to set
             */
            constructor(properties?: kv.v1.MembersRequest.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /**
             * Encodes the specified MembersRequest message. Does not implicitly {@link kv.v1.MembersRequest.verify|verify} messages.
             * @param message MembersRequest message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: kv.v1.MembersRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a MembersRequest message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {kv.v1.MembersRequest & kv.v1.MembersRequest.$Shape} MembersRequest
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): kv.v1.MembersRequest & kv.v1.MembersRequest.$Shape;
        }

        namespace MembersRequest {

            /** Properties of a MembersRequest. */
            interface $Properties {

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a MembersRequest. */
            type $Shape = kv.v1.MembersRequest.$Properties;
        }

        /**
         * Properties of a MembersResponse.
         * @deprecated Use kv.v1.MembersResponse.$Properties instead.
         */
        interface IMembersResponse extends kv.v1.MembersResponse.$Properties {
        }

        /** Represents a MembersResponse. */
        class MembersResponse {

            /**
             * Constructs a new MembersResponse.
             * @param [properties] Properties to set
             */
            constructor(properties?: kv.v1.MembersResponse.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** MembersResponse membership. */
            membership?: (kv.v1.Membership.$Properties|null);

            /**
             * Encodes the specified MembersResponse message. Does not implicitly {@link kv.v1.MembersResponse.verify|verify} messages.
             * @param message MembersResponse message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: kv.v1.MembersResponse.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a MembersResponse message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {kv.v1.MembersResponse & kv.v1.MembersResponse.$Shape} MembersResponse
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): kv.v1.MembersResponse & kv.v1.MembersResponse.$Shape;
        }

        namespace MembersResponse {

            /** Properties of a MembersResponse. */
            interface $Properties {

                /** MembersResponse membership */
                membership?: (kv.v1.Membership.$Properties|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a MembersResponse. */
            type $Shape = kv.v1.MembersResponse.$Properties;
        }

        /**
         * Properties of a MembershipChange.
         * @deprecated Use kv.v1.MembershipChange.$Properties instead.
         */
        interface IMembershipChange extends kv.v1.MembershipChange.$Properties {
        }

        /** Represents a MembershipChange. */
        class MembershipChange {

            /**
             * Constructs a new MembershipChange.
             * @param [properties] Properties to set
             */
            constructor(properties?: kv.v1.MembershipChange.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** MembershipChange add. */
            add: string[];

            /** MembershipChange remove. */
            remove: string[];

            /** MembershipChange learners. */
            learners: string[];

            /** MembershipChange addresses. */
            addresses: { [k: string]: string };

            /**
             * Encodes the specified MembershipChange message. Does not implicitly {@link kv.v1.MembershipChange.verify|verify} messages.
             * @param message MembershipChange message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: kv.v1.MembershipChange.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a MembershipChange message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {kv.v1.MembershipChange & kv.v1.MembershipChange.$Shape} MembershipChange
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): kv.v1.MembershipChange & kv.v1.MembershipChange.$Shape;
        }

        namespace MembershipChange {

            /** Properties of a MembershipChange. */
            interface $Properties {

                /** MembershipChange add */
                add?: (string[]|null);

                /** MembershipChange remove */
                remove?: (string[]|null);

                /** MembershipChange learners */
                learners?: (string[]|null);

                /** MembershipChange addresses */
                addresses?: ({ [k: string]: string }|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a MembershipChange. */
            type $Shape = kv.v1.MembershipChange.$Properties;
        }

        /**
         * Properties of a PreviewMembersRequest.
         * @deprecated Use kv.v1.PreviewMembersRequest.$Properties instead.
         */
        interface IPreviewMembersRequest extends kv.v1.PreviewMembersRequest.$Properties {
        }

        /** Represents a PreviewMembersRequest. */
        class PreviewMembersRequest {

            /**
             * Constructs a new PreviewMembersRequest.
             * @param [properties] Properties to set
             */
            constructor(properties?: kv.v1.PreviewMembersRequest.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** PreviewMembersRequest change. */
            change?: (kv.v1.MembershipChange.$Properties|null);

            /** PreviewMembersRequest expectedIndex. */
            expectedIndex?: (number|null);

            /**
             * Encodes the specified PreviewMembersRequest message. Does not implicitly {@link kv.v1.PreviewMembersRequest.verify|verify} messages.
             * @param message PreviewMembersRequest message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: kv.v1.PreviewMembersRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a PreviewMembersRequest message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {kv.v1.PreviewMembersRequest & kv.v1.PreviewMembersRequest.$Shape} PreviewMembersRequest
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): kv.v1.PreviewMembersRequest & kv.v1.PreviewMembersRequest.$Shape;
        }

        namespace PreviewMembersRequest {

            /** Properties of a PreviewMembersRequest. */
            interface $Properties {

                /** PreviewMembersRequest change */
                change?: (kv.v1.MembershipChange.$Properties|null);

                /** PreviewMembersRequest expectedIndex */
                expectedIndex?: (number|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a PreviewMembersRequest. */
            type $Shape = kv.v1.PreviewMembersRequest.$Properties;
        }

        /**
         * Properties of a PreviewMembersResponse.
         * @deprecated Use kv.v1.PreviewMembersResponse.$Properties instead.
         */
        interface IPreviewMembersResponse extends kv.v1.PreviewMembersResponse.$Properties {
        }

        /** Represents a PreviewMembersResponse. */
        class PreviewMembersResponse {

            /**
             * Constructs a new PreviewMembersResponse.
             * @param [properties] Properties to set
             */
            constructor(properties?: kv.v1.PreviewMembersResponse.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** PreviewMembersResponse before. */
            before?: (kv.v1.PreviewMembersResponse.Side.$Properties|null);

            /** PreviewMembersResponse after. */
            after?: (kv.v1.PreviewMembersResponse.Side.$Properties|null);

            /** PreviewMembersResponse joint. */
            joint: boolean;

            /** PreviewMembersResponse behind. */
            behind: kv.v1.PreviewMembersResponse.Behind.$Properties[];

            /**
             * Encodes the specified PreviewMembersResponse message. Does not implicitly {@link kv.v1.PreviewMembersResponse.verify|verify} messages.
             * @param message PreviewMembersResponse message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: kv.v1.PreviewMembersResponse.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a PreviewMembersResponse message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {kv.v1.PreviewMembersResponse & kv.v1.PreviewMembersResponse.$Shape} PreviewMembersResponse
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): kv.v1.PreviewMembersResponse & kv.v1.PreviewMembersResponse.$Shape;
        }

        namespace PreviewMembersResponse {

            /** Properties of a PreviewMembersResponse. */
            interface $Properties {

                /** PreviewMembersResponse before */
                before?: (kv.v1.PreviewMembersResponse.Side.$Properties|null);

                /** PreviewMembersResponse after */
                after?: (kv.v1.PreviewMembersResponse.Side.$Properties|null);

                /** PreviewMembersResponse joint */
                joint?: (boolean|null);

                /** PreviewMembersResponse behind */
                behind?: (kv.v1.PreviewMembersResponse.Behind.$Properties[]|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a PreviewMembersResponse. */
            type $Shape = kv.v1.PreviewMembersResponse.$Properties;

            /**
             * Properties of a Side.
             * @deprecated Use kv.v1.PreviewMembersResponse.Side.$Properties instead.
             */
            interface ISide extends kv.v1.PreviewMembersResponse.Side.$Properties {
            }

            /** Represents a Side. */
            class Side {

                /**
                 * Constructs a new Side.
                 * @param [properties] Properties to set
                 */
                constructor(properties?: kv.v1.PreviewMembersResponse.Side.$Properties);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];

                /** Side voters. */
                voters: string[];

                /** Side learners. */
                learners: string[];

                /** Side quorum. */
                quorum: number;

                /**
                 * Encodes the specified Side message. Does not implicitly {@link kv.v1.PreviewMembersResponse.Side.verify|verify} messages.
                 * @param message Side message or plain object to encode
                 * @param [writer] Writer to encode to
                 * @returns Writer
                 */
                static encode(message: kv.v1.PreviewMembersResponse.Side.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                /**
                 * Decodes a Side message from the specified reader or buffer.
                 * @param reader Reader or buffer to decode from
                 * @param [length] Message length if known beforehand
                 * @returns {kv.v1.PreviewMembersResponse.Side & kv.v1.PreviewMembersResponse.Side.$Shape} Side
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): kv.v1.PreviewMembersResponse.Side & kv.v1.PreviewMembersResponse.Side.$Shape;
            }

            namespace Side {

                /** Properties of a Side. */
                interface $Properties {

                    /** Side voters */
                    voters?: (string[]|null);

                    /** Side learners */
                    learners?: (string[]|null);

                    /** Side quorum */
                    quorum?: (number|null);

                    /** Unknown fields preserved while decoding when enabled */
                    $unknowns?: Uint8Array[];
                }

                /** Shape of a Side. */
                type $Shape = kv.v1.PreviewMembersResponse.Side.$Properties;
            }

            /**
             * Properties of a Behind.
             * @deprecated Use kv.v1.PreviewMembersResponse.Behind.$Properties instead.
             */
            interface IBehind extends kv.v1.PreviewMembersResponse.Behind.$Properties {
            }

            /** Represents a Behind. */
            class Behind {

                /**
                 * Constructs a new Behind.
                 * @param [properties] Properties to set
                 */
                constructor(properties?: kv.v1.PreviewMembersResponse.Behind.$Properties);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];

                /** Behind id. */
                id: string;

                /** Behind lag. */
                lag?: (number|null);

                /**
                 * Encodes the specified Behind message. Does not implicitly {@link kv.v1.PreviewMembersResponse.Behind.verify|verify} messages.
                 * @param message Behind message or plain object to encode
                 * @param [writer] Writer to encode to
                 * @returns Writer
                 */
                static encode(message: kv.v1.PreviewMembersResponse.Behind.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

                /**
                 * Decodes a Behind message from the specified reader or buffer.
                 * @param reader Reader or buffer to decode from
                 * @param [length] Message length if known beforehand
                 * @returns {kv.v1.PreviewMembersResponse.Behind & kv.v1.PreviewMembersResponse.Behind.$Shape} Behind
                 * @throws {Error} If the payload is not a reader or valid buffer
                 * @throws {$protobuf.util.ProtocolError} If required fields are missing
                 */
                static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): kv.v1.PreviewMembersResponse.Behind & kv.v1.PreviewMembersResponse.Behind.$Shape;
            }

            namespace Behind {

                /** Properties of a Behind. */
                interface $Properties {

                    /** Behind id */
                    id?: (string|null);

                    /** Behind lag */
                    lag?: (number|null);

                    /** Unknown fields preserved while decoding when enabled */
                    $unknowns?: Uint8Array[];
                }

                /** Shape of a Behind. */
                type $Shape = kv.v1.PreviewMembersResponse.Behind.$Properties;
            }
        }

        /**
         * Properties of a ChangeMembersRequest.
         * @deprecated Use kv.v1.ChangeMembersRequest.$Properties instead.
         */
        interface IChangeMembersRequest extends kv.v1.ChangeMembersRequest.$Properties {
        }

        /** Represents a ChangeMembersRequest. */
        class ChangeMembersRequest {

            /**
             * Constructs a new ChangeMembersRequest.
             * @param [properties] Properties to set
             */
            constructor(properties?: kv.v1.ChangeMembersRequest.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** ChangeMembersRequest change. */
            change?: (kv.v1.MembershipChange.$Properties|null);

            /** ChangeMembersRequest expectedIndex. */
            expectedIndex?: (number|null);

            /** ChangeMembersRequest failIfBehind. */
            failIfBehind: boolean;

            /**
             * Encodes the specified ChangeMembersRequest message. Does not implicitly {@link kv.v1.ChangeMembersRequest.verify|verify} messages.
             * @param message ChangeMembersRequest message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: kv.v1.ChangeMembersRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a ChangeMembersRequest message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {kv.v1.ChangeMembersRequest & kv.v1.ChangeMembersRequest.$Shape} ChangeMembersRequest
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): kv.v1.ChangeMembersRequest & kv.v1.ChangeMembersRequest.$Shape;
        }

        namespace ChangeMembersRequest {

            /** Properties of a ChangeMembersRequest. */
            interface $Properties {

                /** ChangeMembersRequest change */
                change?: (kv.v1.MembershipChange.$Properties|null);

                /** ChangeMembersRequest expectedIndex */
                expectedIndex?: (number|null);

                /** ChangeMembersRequest failIfBehind */
                failIfBehind?: (boolean|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a ChangeMembersRequest. */
            type $Shape = kv.v1.ChangeMembersRequest.$Properties;
        }

        /**
         * Properties of a ChangeMembersResponse.
         * @deprecated Use kv.v1.ChangeMembersResponse.$Properties instead.
         */
        interface IChangeMembersResponse extends kv.v1.ChangeMembersResponse.$Properties {
        }

        /** Represents a ChangeMembersResponse. */
        class ChangeMembersResponse {

            /**
             * Constructs a new ChangeMembersResponse.
             * @param [properties] Properties to set
             */
            constructor(properties?: kv.v1.ChangeMembersResponse.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** ChangeMembersResponse membership. */
            membership?: (kv.v1.Membership.$Properties|null);

            /**
             * Encodes the specified ChangeMembersResponse message. Does not implicitly {@link kv.v1.ChangeMembersResponse.verify|verify} messages.
             * @param message ChangeMembersResponse message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: kv.v1.ChangeMembersResponse.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a ChangeMembersResponse message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {kv.v1.ChangeMembersResponse & kv.v1.ChangeMembersResponse.$Shape} ChangeMembersResponse
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): kv.v1.ChangeMembersResponse & kv.v1.ChangeMembersResponse.$Shape;
        }

        namespace ChangeMembersResponse {

            /** Properties of a ChangeMembersResponse. */
            interface $Properties {

                /** ChangeMembersResponse membership */
                membership?: (kv.v1.Membership.$Properties|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a ChangeMembersResponse. */
            type $Shape = kv.v1.ChangeMembersResponse.$Properties;
        }

        /**
         * Properties of a TransferLeadershipRequest.
         * @deprecated Use kv.v1.TransferLeadershipRequest.$Properties instead.
         */
        interface ITransferLeadershipRequest extends kv.v1.TransferLeadershipRequest.$Properties {
        }

        /** Represents a TransferLeadershipRequest. */
        class TransferLeadershipRequest {

            /**
             * Constructs a new TransferLeadershipRequest.
             * @param [properties] Properties to set
             */
            constructor(properties?: kv.v1.TransferLeadershipRequest.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** TransferLeadershipRequest target. */
            target: string;

            /**
             * Encodes the specified TransferLeadershipRequest message. Does not implicitly {@link kv.v1.TransferLeadershipRequest.verify|verify} messages.
             * @param message TransferLeadershipRequest message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: kv.v1.TransferLeadershipRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a TransferLeadershipRequest message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {kv.v1.TransferLeadershipRequest & kv.v1.TransferLeadershipRequest.$Shape} TransferLeadershipRequest
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): kv.v1.TransferLeadershipRequest & kv.v1.TransferLeadershipRequest.$Shape;
        }

        namespace TransferLeadershipRequest {

            /** Properties of a TransferLeadershipRequest. */
            interface $Properties {

                /** TransferLeadershipRequest target */
                target?: (string|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a TransferLeadershipRequest. */
            type $Shape = kv.v1.TransferLeadershipRequest.$Properties;
        }

        /**
         * Properties of a TransferLeadershipResponse.
         * @deprecated Use kv.v1.TransferLeadershipResponse.$Properties instead.
         */
        interface ITransferLeadershipResponse extends kv.v1.TransferLeadershipResponse.$Properties {
        }

        /** Represents a TransferLeadershipResponse. */
        class TransferLeadershipResponse {

            /**
             * Constructs a new TransferLeadershipResponse.
             * @param [properties] Properties to set
             */
            constructor(properties?: kv.v1.TransferLeadershipResponse.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /**
             * Encodes the specified TransferLeadershipResponse message. Does not implicitly {@link kv.v1.TransferLeadershipResponse.verify|verify} messages.
             * @param message TransferLeadershipResponse message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: kv.v1.TransferLeadershipResponse.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a TransferLeadershipResponse message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {kv.v1.TransferLeadershipResponse & kv.v1.TransferLeadershipResponse.$Shape} TransferLeadershipResponse
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): kv.v1.TransferLeadershipResponse & kv.v1.TransferLeadershipResponse.$Shape;
        }

        namespace TransferLeadershipResponse {

            /** Properties of a TransferLeadershipResponse. */
            interface $Properties {

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a TransferLeadershipResponse. */
            type $Shape = kv.v1.TransferLeadershipResponse.$Properties;
        }

        /**
         * Properties of a SnapshotRequest.
         * @deprecated Use kv.v1.SnapshotRequest.$Properties instead.
         */
        interface ISnapshotRequest extends kv.v1.SnapshotRequest.$Properties {
        }

        /** Represents a SnapshotRequest. */
        class SnapshotRequest {

            /**
             * Constructs a new SnapshotRequest.
             * @param [properties] Properties to set
             */
            constructor(properties?: kv.v1.SnapshotRequest.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /**
             * Encodes the specified SnapshotRequest message. Does not implicitly {@link kv.v1.SnapshotRequest.verify|verify} messages.
             * @param message SnapshotRequest message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: kv.v1.SnapshotRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a SnapshotRequest message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {kv.v1.SnapshotRequest & kv.v1.SnapshotRequest.$Shape} SnapshotRequest
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): kv.v1.SnapshotRequest & kv.v1.SnapshotRequest.$Shape;
        }

        namespace SnapshotRequest {

            /** Properties of a SnapshotRequest. */
            interface $Properties {

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a SnapshotRequest. */
            type $Shape = kv.v1.SnapshotRequest.$Properties;
        }

        /**
         * Properties of a SnapshotResponse.
         * @deprecated Use kv.v1.SnapshotResponse.$Properties instead.
         */
        interface ISnapshotResponse extends kv.v1.SnapshotResponse.$Properties {
        }

        /** Represents a SnapshotResponse. */
        class SnapshotResponse {

            /**
             * Constructs a new SnapshotResponse.
             * @param [properties] Properties to set
             */
            constructor(properties?: kv.v1.SnapshotResponse.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** SnapshotResponse index. */
            index: number;

            /** SnapshotResponse term. */
            term: number;

            /**
             * Encodes the specified SnapshotResponse message. Does not implicitly {@link kv.v1.SnapshotResponse.verify|verify} messages.
             * @param message SnapshotResponse message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: kv.v1.SnapshotResponse.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a SnapshotResponse message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {kv.v1.SnapshotResponse & kv.v1.SnapshotResponse.$Shape} SnapshotResponse
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): kv.v1.SnapshotResponse & kv.v1.SnapshotResponse.$Shape;
        }

        namespace SnapshotResponse {

            /** Properties of a SnapshotResponse. */
            interface $Properties {

                /** SnapshotResponse index */
                index?: (number|null);

                /** SnapshotResponse term */
                term?: (number|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a SnapshotResponse. */
            type $Shape = kv.v1.SnapshotResponse.$Properties;
        }

        /**
         * Properties of a Membership.
         * @deprecated Use kv.v1.Membership.$Properties instead.
         */
        interface IMembership extends kv.v1.Membership.$Properties {
        }

        /** Represents a Membership. */
        class Membership {

            /**
             * Constructs a new Membership.
             * @param [properties] Properties to set
             */
            constructor(properties?: kv.v1.Membership.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** Membership voters. */
            voters: string[];

            /** Membership learners. */
            learners: string[];

            /** Membership outgoing. */
            outgoing: string[];

            /** Membership addresses. */
            addresses: { [k: string]: string };

            /** Membership index. */
            index: number;

            /**
             * Encodes the specified Membership message. Does not implicitly {@link kv.v1.Membership.verify|verify} messages.
             * @param message Membership message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: kv.v1.Membership.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a Membership message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {kv.v1.Membership & kv.v1.Membership.$Shape} Membership
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): kv.v1.Membership & kv.v1.Membership.$Shape;
        }

        namespace Membership {

            /** Properties of a Membership. */
            interface $Properties {

                /** Membership voters */
                voters?: (string[]|null);

                /** Membership learners */
                learners?: (string[]|null);

                /** Membership outgoing */
                outgoing?: (string[]|null);

                /** Membership addresses */
                addresses?: ({ [k: string]: string }|null);

                /** Membership index */
                index?: (number|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a Membership. */
            type $Shape = kv.v1.Membership.$Properties;
        }

        /**
         * Properties of a PeerStatus.
         * @deprecated Use kv.v1.PeerStatus.$Properties instead.
         */
        interface IPeerStatus extends kv.v1.PeerStatus.$Properties {
        }

        /** Represents a PeerStatus. */
        class PeerStatus {

            /**
             * Constructs a new PeerStatus.
             * @param [properties] Properties to set
             */
            constructor(properties?: kv.v1.PeerStatus.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** PeerStatus id. */
            id: string;

            /** PeerStatus matchIndex. */
            matchIndex: number;

            /** PeerStatus nextIndex. */
            nextIndex: number;

            /** PeerStatus state. */
            state: string;

            /**
             * Encodes the specified PeerStatus message. Does not implicitly {@link kv.v1.PeerStatus.verify|verify} messages.
             * @param message PeerStatus message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: kv.v1.PeerStatus.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a PeerStatus message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {kv.v1.PeerStatus & kv.v1.PeerStatus.$Shape} PeerStatus
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): kv.v1.PeerStatus & kv.v1.PeerStatus.$Shape;
        }

        namespace PeerStatus {

            /** Properties of a PeerStatus. */
            interface $Properties {

                /** PeerStatus id */
                id?: (string|null);

                /** PeerStatus matchIndex */
                matchIndex?: (number|null);

                /** PeerStatus nextIndex */
                nextIndex?: (number|null);

                /** PeerStatus state */
                state?: (string|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a PeerStatus. */
            type $Shape = kv.v1.PeerStatus.$Properties;
        }
    }
}

export import raftV1 = raft.v1;
export import kvV1 = kv.v1;
