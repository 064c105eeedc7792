/**
 * Owns the shapes that travel between server and page (docs/signalling-protocol.md), as types only.
 *
 * @typedef {{id: number, name: string}} User
 * @typedef {"idle" | "starting" | "live" | "interrupted" | "ended" | "banned"} RoomState
 * @typedef {"rtmp" | "webrtc" | "hybrid"} StreamingMode
 * @typedef {"f" | "h" | "q"} Layer
 * @typedef {Layer | "auto" | "off"} LayerWish
 * @typedef {"auto" | "source" | `${number}p` | "audio"} StreamQuality of HLS
 * @typedef {"camera" | "screen"} Source
 * @typedef {"speaker" | "grid" | "pip"} LayoutName
 * @typedef {{layout: LayoutName, people: {user: User, muted: boolean}[]}} StagePlan who sends, in order
 * @typedef {"invited" | "waiting" | "on_stage" | "left" | "removed"} GuestState
 *
 * @typedef {object} Room
 * @property {string} title
 * @property {string} description
 * @property {RoomState} state
 * @property {StreamingMode} streaming_mode
 * @property {"video_audio" | "audio"} stream_type
 * @property {User} owner
 * @property {{id: number, started_at: string} | null} broadcast
 * @property {string | null} ended_reason
 * @property {string | null} grace_until
 * @property {("webrtc" | "rtmp")[]} [publishing] who sends now
 * @property {{recording_id: string, ready: boolean} | null} [replay] of the last broadcast, where there is one
 * @property {StagePlan} [stage]
 *
 * @typedef {{viewers: number, peak: number}} Presence
 * @typedef {{gift: string, emoji: string, name: string}} Gift
 * @typedef {{id: number, text: string, at: string, user: User, by_owner: boolean}} ChatLine
 * @typedef {{gift: string, emoji: string, name: string, count: number, user: User, at: string}} GiftGiven
 * @typedef {{rung: string, available: boolean, url: string | null, qualities?: string[] | null, reason: string | null, detail: string | null}} Rung
 * @typedef {{way: string, available: boolean, reason: string | null, detail: string | null}} Way
 * @typedef {{rungs: Rung[], publish: Way[]}} Playback
 * @typedef {{participant_id: string, user: User | null, role: string}} Person
 * @typedef {{state: GuestState, muted: boolean, reason: string | null, from: User | null}} MyPlace of a guest
 *
 * @typedef {object} Guest
 * @property {User} user
 * @property {GuestState} state
 * @property {boolean} muted by the owner
 * @property {string | null} reason
 * @property {string} since
 * @property {boolean} connected
 * @property {User | null} invited_by
 *
 * @typedef {{guests: Guest[], max_on_stage: number}} Guests
 *
 * @typedef {object} Track
 * @property {string | null} participant_id null: passed on from RTMP
 * @property {string} session_id
 * @property {string} track_id
 * @property {string} stream_id
 * @property {"audio" | "video"} kind
 * @property {Source} source
 * @property {Layer[]} layers
 * @property {"webrtc" | "rtmp"} via
 * @property {User | null} user
 *
 * @typedef {object} Welcome
 * @property {number} version
 * @property {string} participant_id
 * @property {string} resume
 * @property {boolean} resumed
 * @property {"publisher" | "subscriber"} role
 * @property {User | null} user
 * @property {(string | {session_id: string})[]} sessions
 * @property {Room} room
 * @property {Presence} presence
 * @property {number} likes
 * @property {RTCIceServer[]} ice_servers
 * @property {Playback} playback
 * @property {Gift[]} gifts
 * @property {ChatLine[]} history
 * @property {MyPlace | null} [guest]
 * @property {Guests | null} [guests] for who manages the room
 *
 * @typedef {{code: string, message: string, about?: string | null, data?: {retry_in_ms?: number} | null}} Problem
 * @typedef {{code: string, message: string, retry_in_ms: number | null}} SessionLost
 *
 * @typedef {object} Payloads What each message of the server carries.
 * @property {Welcome} welcome
 * @property {Room} room
 * @property {Presence} presence
 * @property {Person} user_joined
 * @property {Person} user_left
 * @property {string} offer
 * @property {string} answer
 * @property {RTCIceCandidateInit | null} ice
 * @property {{tracks: Track[]}} tracks
 * @property {{stream_id: string, layer: LayerWish, auto: boolean}} layer
 * @property {SessionLost} session_lost
 * @property {Playback} playback
 * @property {ChatLine} chat
 * @property {{id: number}} chat_deleted
 * @property {{count: number, total: number}} like
 * @property {GiftGiven} gift
 * @property {MyPlace} guest
 * @property {Guests} guests
 * @property {number} pong
 * @property {Problem} error
 *
 * @typedef {keyof Payloads} MessageType
 */

/**
 * @template {MessageType} K
 * @typedef {object} Message
 * @property {K} type
 * @property {Payloads[K]} payload
 * @property {string} [session_id]
 * @property {number} [offer_id]
 * @property {"publisher" | "subscriber"} [target]
 * @property {string} [ref]
 */

/**
 * @typedef {object} PageConfig
 * @property {string} room_id
 * @property {"publisher" | "subscriber"} role
 * @property {User | null} user
 * @property {string} ws_path
 * @property {string} api_base
 * @property {string} sign_in_url
 * @property {string} home_url
 * @property {string} studio_url
 * @property {string} watch_url
 * @property {string} dashboard_url
 * @property {string} csrf_cookie
 * @property {string} lang
 * @property {{server: string}} [rtmp]
 * @property {boolean} [push] the studio may go on by WebSocket
 * @property {Playback} [playback] as it was when the page was made
 * @property {{flv: string, hls: string}} [players] scripts of the rungs below WebRTC
 * @property {Room} room
 * @property {Gift[]} gifts
 * @property {MyPlace | null} [guest] of the green room
 * @property {string} [invite_token] the link by which one may ask
 * @property {string} [guest_url]
 */

/**
 * @typedef {object} Report What a page's getStats says (bit/s, ratio 0–1, ms).
 * @property {string} rung
 * @property {number} video_bitrate
 * @property {number} audio_bitrate
 * @property {number} packet_loss
 * @property {number} jitter
 * @property {number} round_trip_time
 * @property {number} fps
 * @property {number} width
 * @property {number} height
 */

export {};
