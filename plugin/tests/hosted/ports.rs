//! Ports, their layouts, texts and pages.

use clack_extensions::audio_ports::{AudioPortInfoBuffer, PluginAudioPorts};
use clack_extensions::audio_ports_config::PluginAudioPortsConfig;
use clack_extensions::configurable_audio_ports::{
    AudioPortRequest, AudioPortRequestDetails, PluginConfigurableAudioPorts,
};
use clack_extensions::note_name::{NoteNameBuffer, PluginNoteName};
use clack_extensions::params::{ParamInfoBuffer, ParamInfoFlags, PluginParams};
use clack_extensions::remote_controls::{PluginRemoteControls, RemoteControlsPageBuffer};
use clack_host::utils::ClapId;
use earmark_plugin::params::{PARAMS, id};

use crate::host::{Hosted, Out};
use crate::sound::programme;

fn channels(hosted: &mut Hosted, is_input: bool) -> Vec<u32> {
    let ports = hosted.extension::<PluginAudioPorts>();
    let handle = hosted.instance.plugin_handle();
    let mut buffer = AudioPortInfoBuffer::new();
    (0..ports.count(&handle, is_input))
        .map(|index| ports.get(&handle, index, is_input, &mut buffer).expect("a port").channel_count)
        .collect()
}

#[test]
fn layouts_are_offered_and_taken() {
    let mut hosted = Hosted::default();
    assert_eq!((channels(&mut hosted, true), channels(&mut hosted, false)), (vec![2, 2], vec![2]));
    let configs = hosted.extension::<PluginAudioPortsConfig>();
    for (config, main, side, labels) in [(0, 1, 1, false), (3, 2, 2, true), (6, 6, 2, false), (9, 8, 2, true)]
    {
        hosted.select(config);
        let outputs = if labels { vec![main, 3] } else { vec![main] };
        assert_eq!((channels(&mut hosted, true), channels(&mut hosted, false)), (vec![main, side], outputs));
        let mut running = hosted.activate(48_000.0, 64);
        let mut planes = vec![vec![0.1_f32; 64]; main as usize];
        let mut label_planes = vec![vec![9.0_f32; 64]; 3];
        running.process(&mut planes, &mut [], labels.then_some(&mut label_planes), &[]);
        assert!(planes.iter().flatten().all(|&sample| sample == 0.0), "nothing has come through yet");
        if labels {
            assert!(label_planes.iter().flatten().all(|&p| p == 0.0));
        }
        hosted.deactivate(running);
    }
    let handle = hosted.instance.inactive_plugin_handle().expect("inactive");
    assert!(configs.select(&handle, ClapId::new(99)).is_err());
}

#[test]
fn ports_can_be_configured_freely_as_long_as_in_and_out_agree() {
    let mut hosted = Hosted::default();
    let ports = hosted.extension::<PluginConfigurableAudioPorts>();
    let untyped = AudioPortRequestDetails::untyped;
    let mut handle = hosted.instance.inactive_plugin_handle().expect("inactive");
    let both = |channels| {
        [
            AudioPortRequest::new(true, 0, untyped(channels)),
            AudioPortRequest::new(false, 0, untyped(channels)),
        ]
    };
    assert!(ports.apply_configuration(&mut handle, &both(16)));
    assert!(!ports.can_apply_configuration(&mut handle, &both(65)));
    assert!(!ports.can_apply_configuration(&mut handle, &both(0)));
    assert!(!ports.apply_configuration(&mut handle, &both(4)[..1]), "the output would keep its 16");
    assert!(ports.apply_configuration(&mut handle, &[AudioPortRequest::new(true, 1, untyped(0))]));
    assert_eq!((channels(&mut hosted, true), channels(&mut hosted, false)), (vec![16, 0], vec![16]));
    let mut running = hosted.activate(48_000.0, 64);
    running.process(&mut vec![vec![0.1; 64]; 16], &mut [], None, &[]);
    hosted.deactivate(running);
}

/// The label planes hold the probability of the frame whose sound leaves at the same sample; lanes are told by the
/// lookahead before that, or with the first sample of all.
#[test]
fn label_planes_are_sample_accurate() {
    let (rate_hz, samples) = programme();
    let mut hosted = Hosted::offline();
    hosted.select(1);
    hosted.set(&[(id::LABEL_MODE, 1.0)]);
    let mut running = hosted.activate(f64::from(rate_hz), 441);
    let (latency, lookahead) = (hosted.latency() as u64, u64::from(rate_hz) / 50);
    let (mut planes, mut told) = (vec![Vec::new(); 3], Vec::new());
    for block in samples[..240_000].chunks(441) {
        let mut labels = vec![vec![0.0; block.len()]; 3];
        told.extend(running.process(&mut [block.to_vec()], &mut [], Some(&mut labels), &[]));
        planes.iter_mut().zip(&labels).for_each(|(all, block)| all.extend_from_slice(block));
    }
    hosted.deactivate(running);
    let mut count = 0;
    for (at, out) in told {
        let Out::Param { id: lane, value } = out else { continue };
        let Some(plane) = [id::SPEECH, id::MUSIC, id::NOISE].iter().position(|&id| id == lane) else {
            continue;
        };
        let leaves = if at == latency { at } else { at + lookahead };
        let Some(shown) = planes[plane].get(leaves as usize) else { continue };
        assert!((f64::from(*shown) - value).abs() < 1e-6);
        count += 1;
    }
    assert!(count > 30);
}

#[test]
fn parameters_notes_and_pages_are_described() {
    let mut hosted = Hosted::default();
    let params = hosted.extension::<PluginParams>();
    let names = hosted.extension::<PluginNoteName>();
    let pages = hosted.extension::<PluginRemoteControls>();
    let handle = hosted.instance.plugin_handle();
    assert_eq!(params.count(&handle) as usize, PARAMS.len());
    let mut buffer = ParamInfoBuffer::new();
    for spec in PARAMS {
        let info = params.get_info(&handle, spec.id.0, &mut buffer).expect("a parameter");
        assert_eq!(info.name, spec.name.as_bytes());
        assert_eq!(info.flags.contains(ParamInfoFlags::IS_AUTOMATABLE), spec.flags.automatable);
        assert_eq!(info.flags.contains(ParamInfoFlags::IS_READONLY), spec.flags.read_only);
        let mut text = [0; 64];
        let id = ClapId::new(spec.id.0);
        let text = params.value_to_text(&handle, id, spec.max(), &mut text).expect("a text").to_vec();
        let text = std::ffi::CString::new(text).expect("no zero inside");
        let value = params.text_to_value(&handle, id, &text).expect("read back");
        assert!((value - spec.max()).abs() < 1e-3 * spec.max().abs().max(1.0), "{}", spec.key);
    }
    let mut buffer = NoteNameBuffer::new();
    assert_eq!(names.count(&handle), 6);
    assert_eq!(names.get(&handle, 0, &mut buffer).expect("a name").name, b"Speech");
    assert_eq!(names.get(&handle, 5, &mut buffer).expect("a name").name, b"Singing");
    let mut buffer = RemoteControlsPageBuffer::new();
    for index in 0..pages.count(&handle) {
        let page = pages.get(&handle, index, &mut buffer).expect("a page");
        assert!(page.param_ids.iter().all(Option::is_some));
    }
}
