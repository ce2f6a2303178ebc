//! Clients that mean no good: bounded memory, clear answers, and nobody else notices.

use std::io::{Read, Write};
use std::time::{Duration, Instant};

use tungstenite::Message;

use super::http::{answer, connect, get, post};
use super::running::Server;
use super::streams::{Client, event, speech_pcm};
use crate::support::programme;

/// Memory that a client may cost beside what its request is allowed to, bytes.
#[cfg(target_os = "linux")]
const MEMORY_BYTES: u64 = 48 << 20;

/// Does `hostile` while an honest stream is heard; holds that what that stream is told is as ever, and memory bounded.
fn beside_an_honest_stream(server: &Server, hostile: impl FnOnce(&Server) + Send) {
    let pcm = speech_pcm();
    let listen = || {
        let mut client = Client::open(server.address, "rate=16000");
        client.sound(&pcm[..1 << 20]);
        client.control("CloseStream");
        client.rest().events
    };
    let alone = listen();
    #[cfg(target_os = "linux")]
    let before = server.memory_bytes();
    std::thread::scope(|scope| {
        let work = scope.spawn(|| hostile(server));
        let begun = Instant::now();
        assert_eq!(listen(), alone);
        assert!(begun.elapsed() < Duration::from_secs(30), "it waited for the others");
        work.join().expect("the hostile client is answered as it should be");
    });
    #[cfg(target_os = "linux")]
    {
        let grown = server.memory_bytes().saturating_sub(before);
        assert!(grown < MEMORY_BYTES, "{grown} bytes more");
    }
    assert_eq!(get(server.address, "/health/ready").status, 200);
    assert_eq!(post(server.address, "/v1/tag", &std::fs::read(programme()).unwrap()).status, 200);
    assert!(!server.log().contains("panicked"), "{}", server.log());
}

#[test]
fn slow_heads_and_half_open_sockets_are_closed() {
    let server = Server::start(&["--header-timeout", "2s", "--max-connections", "64"]);
    beside_an_honest_stream(&server, |server| {
        let mut slow: Vec<_> = (0..48).map(|_| connect(server.address)).collect();
        for (place, stream) in slow.iter_mut().enumerate() {
            // Some say nothing at all, some a letter now and then.
            if place % 2 == 0 {
                stream.write_all(b"POST /v1/tag HTTP/1.1\r\nX: ").unwrap();
            }
        }
        let begun = Instant::now();
        for stream in &mut slow {
            let mut bytes = Vec::new();
            let _ = stream.read_to_end(&mut bytes);
        }
        let took = begun.elapsed();
        assert!(took < Duration::from_secs(12), "they are held for {took:?}");
    });
}

#[test]
fn bodies_that_stall_are_ended() {
    let server = Server::start(&["--stall-timeout", "2s", "--max-queue", "4"]);
    beside_an_honest_stream(&server, |server| {
        let mut stalled: Vec<_> = (0..3).map(|_| connect(server.address)).collect();
        for stream in &mut stalled {
            let head = format!(
                "POST /v1/tag HTTP/1.1\r\nHost: {}\r\nContent-Length: 10000\r\nConnection: close\r\n\r\nRIFF",
                server.address
            );
            stream.write_all(head.as_bytes()).unwrap();
        }
        for stream in &mut stalled {
            let refused = answer(stream);
            assert_eq!(refused.status, 408);
            assert!(refused.problem().contains("slowly"));
        }
    });
}

#[test]
fn huge_bodies_are_not_kept() {
    let server = Server::start(&[]);
    beside_an_honest_stream(&server, |server| {
        // Ten gigabytes are told, and refused before they come.
        let mut stream = connect(server.address);
        let head = format!(
            "POST /v1/tag HTTP/1.1\r\nHost: {}\r\nContent-Length: 10000000000\r\nConnection: close\r\n\r\n",
            server.address
        );
        stream.write_all(head.as_bytes()).unwrap();
        assert_eq!(answer(&mut stream).status, 413);
        // A head that never ends.
        let mut stream = connect(server.address);
        stream.write_all(b"GET / HTTP/1.1\r\n").unwrap();
        let line = format!("X: {}\r\n", "y".repeat(4_000));
        while stream.write_all(line.as_bytes()).is_ok() {}
    });
}

#[test]
fn garbage_is_answered_or_closed() {
    let server = Server::start(&[]);
    beside_an_honest_stream(&server, |server| {
        let mut seed = 1_u32;
        for round in 0..200 {
            let mut stream = connect(server.address);
            let bytes: Vec<u8> = (0..1_000)
                .map(|_| {
                    seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    seed.to_be_bytes()[0]
                })
                .collect();
            if round % 2 == 1 {
                let head = format!(
                    "GET /v1/stream?rate=16000 HTTP/1.1\r\nHost: {}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                     Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
                    server.address
                );
                stream.write_all(head.as_bytes()).unwrap();
            }
            let _ = stream.write_all(&bytes);
            let _ = stream.shutdown(std::net::Shutdown::Write);
            let mut answered = Vec::new();
            let _ = stream.read_to_end(&mut answered);
        }
    });
}

#[test]
fn text_that_is_no_control_and_messages_that_are_too_large_end_a_stream() {
    let server = Server::start(&[]);
    beside_an_honest_stream(&server, |server| {
        for text in ["", "{}", "{\"type\":\"Dance\"}", "[1]", "{\"type\":\"Finalize\",\"x\":1}"] {
            let mut client = Client::open(server.address, "rate=16000");
            client.socket.send(Message::text(text)).unwrap();
            assert_eq!(client.rest().code, 1008, "{text:?}");
        }
        let mut client = Client::open(server.address, "rate=16000");
        // It may be refused while it is sent.
        let _ = client.socket.send(Message::binary(vec![0; 3 << 20]));
        let mut code = None;
        while let Ok(message) = client.socket.read() {
            if let Message::Close(Some(frame)) = message {
                code = Some(u16::from(frame.code));
            }
        }
        assert!(code.is_none_or(|code| code == 1009), "{code:?}");
    });
}

#[test]
fn bytes_that_are_no_frame_end_a_stream_that_is_told_to_its_end() {
    let server = Server::start(&[]);
    let pcm = &speech_pcm()[..4 * 32_000];
    let masked = |first: u8, length: &[u8], payload: &[u8]| [&[first][..], length, &[0; 4], payload].concat();
    beside_an_honest_stream(&server, |server| {
        for (what, frame, code) in [
            ("unmasked", vec![0x82, 2, 0, 0], 1002),
            ("reserved bits", masked(0xc2, &[0x82], &[0; 2]), 1002),
            ("no UTF-8", masked(0x81, &[0x82], &[0xff, 0xfe]), 1002),
            ("nothing to continue", masked(0x80, &[0x82], &[0; 2]), 1002),
            ("an unknown kind", masked(0x83, &[0x82], &[0; 2]), 1002),
            ("a ping in parts", masked(0x09, &[0x82], &[0; 2]), 1002),
            ("a long ping", masked(0x89, &[0xfe, 0, 126], &[0; 126]), 1002),
            ("a terabyte", masked(0x82, &[0xff, 0, 0, 1, 0, 0, 0, 0, 0], &[]), 1009),
        ] {
            let mut client = Client::open(server.address, "rate=16000");
            client.sound(pcm);
            client.socket.get_mut().write_all(&frame).unwrap();
            let heard = client.rest();
            assert_eq!(heard.code, code, "{what}: {}", heard.reason);
            let end = heard.events.last().unwrap();
            assert_eq!((&end["type"], &end["samples"]), (&"end".into(), &(pcm.len() / 2).into()), "{what}");
            let ids = |kind: &str| -> Vec<u64> {
                let told = heard.events.iter().filter(|event| event["type"] == kind);
                let mut ids: Vec<u64> = told.map(|event| event["id"].as_u64().unwrap()).collect();
                ids.sort_unstable();
                ids
            };
            assert!(!ids("onset").is_empty(), "{what}");
            assert_eq!(ids("onset"), ids("offset"), "{what}");
        }
    });
}

#[test]
fn samples_that_are_no_numbers_are_silence() {
    let server = Server::start(&[]);
    beside_an_honest_stream(&server, |server| {
        let bad = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, f32::MAX, -1e-40];
        let bytes: Vec<u8> = (0..160_000).flat_map(|k| bad[k % bad.len()].to_le_bytes()).collect();
        let mut client = Client::open(server.address, "rate=16000&encoding=f32le&frames_ms=100");
        bytes.chunks(64_000).for_each(|chunk| client.sound(chunk));
        client.control("CloseStream");
        let heard = client.rest();
        assert_eq!((heard.code, heard.events.last().unwrap()["samples"].as_u64()), (1000, Some(160_000)));
    });
}

#[test]
fn a_million_tiny_frames_are_a_stream_like_any_other() {
    let server = Server::start(&[]);
    beside_an_honest_stream(&server, |server| {
        let mut client = Client::open(server.address, "rate=48000");
        for _ in 0..1_000_000 {
            client.socket.write(Message::binary(vec![0_u8; 2])).expect("the server takes it");
        }
        client.socket.flush().unwrap();
        client.control("CloseStream");
        let heard = client.rest();
        assert_eq!((heard.code, heard.events.last().unwrap()["samples"].as_u64()), (1000, Some(1_000_000)));
    });
}

#[test]
fn who_reads_nothing_loses_frames_and_delays_nobody() {
    let server = Server::start(&["--stall-timeout", "3s"]);
    beside_an_honest_stream(&server, |server| {
        let mut client = Client::open(server.address, "rate=1000&frames_ms=10");
        client.socket.get_mut().set_write_timeout(Some(Duration::from_secs(20))).unwrap();
        // Hours of sound at the lowest rate, and a frame event for each ten milliseconds of it; nothing is read. It is cut
        // off at the latest when the system's own buffers are full; until then frames are dropped.
        let begun = Instant::now();
        let minute = vec![0_u8; 2 * 60_000];
        while begun.elapsed() < Duration::from_secs(15)
            && client.socket.send(Message::binary(minute.clone())).is_ok()
        {}
        let metrics = get(server.address, "/metrics").text();
        assert!(metrics.contains("earmark_stream_dropped_total{what=\"frame\"}"), "{metrics}");
        // What came before is whole.
        client.socket.get_mut().set_read_timeout(Some(Duration::from_secs(2))).unwrap();
        while let Ok(Message::Text(text)) = client.socket.read() {
            event(&text);
        }
    });
}
