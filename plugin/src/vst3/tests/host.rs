//! A host in miniature: the objects that a plugin meets, and a plugin as such a host holds it.

use std::ffi::c_void;
use std::sync::{Arc, Mutex};

use vst3::Steinberg::Vst::{
    AudioBusBuffers, AudioBusBuffers__type0, IAudioProcessor, IAudioProcessorTrait, IComponent,
    IComponentHandler, IComponentHandlerTrait, IComponentTrait, IEditController, IParamValueQueue,
    IParamValueQueueTrait, IParameterChanges, IParameterChangesTrait, ProcessData, ProcessSetup,
};
use vst3::Steinberg::{
    IBStream, IBStreamTrait, IPluginBaseTrait, IPluginFactoryTrait, kInvalidArgument, kResultOk, tresult,
};
use vst3::{Class, ComPtr, ComWrapper, Interface};

use super::super::com::{count, index, put};
use super::super::factory::CLASS_ID;
use super::super::host::lock;
use crate::vst3::GetPluginFactory;

/// A stream in memory.
#[derive(Default)]
pub(in crate::vst3) struct Memory {
    bytes: Mutex<(Vec<u8>, usize)>,
}

impl Memory {
    pub(in crate::vst3) fn with(bytes: Vec<u8>) -> ComWrapper<Self> {
        ComWrapper::new(Self { bytes: Mutex::new((bytes, 0)) })
    }

    pub(in crate::vst3) fn bytes(&self) -> Vec<u8> {
        lock(&self.bytes).0.clone()
    }
}

impl Class for Memory {
    type Interfaces = (IBStream,);
}

impl IBStreamTrait for Memory {
    unsafe fn read(&self, buffer: *mut c_void, length: i32, read: *mut i32) -> tresult {
        let mut held = lock(&self.bytes);
        let (bytes, at) = &mut *held;
        // Three bytes at a time: a stream may give less than it is asked for.
        let got = bytes.len().saturating_sub(*at).min(index(length)).min(3);
        // SAFETY: the caller's buffer has `length` bytes.
        unsafe { buffer.cast::<u8>().copy_from_nonoverlapping(bytes[*at..].as_ptr(), got) };
        *at += got;
        // SAFETY: an out parameter.
        unsafe { put(read, count(got)) }
    }

    unsafe fn write(&self, buffer: *mut c_void, length: i32, written: *mut i32) -> tresult {
        // SAFETY: the caller's buffer has `length` bytes.
        let bytes = unsafe { std::slice::from_raw_parts(buffer.cast::<u8>(), index(length)) };
        lock(&self.bytes).0.extend_from_slice(bytes);
        // SAFETY: an out parameter.
        unsafe { put(written, length) }
    }

    unsafe fn seek(&self, _position: i64, _mode: i32, _result: *mut i64) -> tresult {
        kInvalidArgument
    }

    unsafe fn tell(&self, _position: *mut i64) -> tresult {
        kInvalidArgument
    }
}

/// What a handler was told.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::vst3) enum Told {
    Begin(u32),
    Perform(u32, f64),
    End(u32),
    Restart(i32),
}

/// The host's handler: writes down what it is told.
#[derive(Default)]
pub(in crate::vst3) struct Handler {
    pub(in crate::vst3) told: Arc<Mutex<Vec<Told>>>,
}

impl Class for Handler {
    type Interfaces = (IComponentHandler,);
}

impl IComponentHandlerTrait for Handler {
    unsafe fn beginEdit(&self, id: u32) -> tresult {
        lock(&self.told).push(Told::Begin(id));
        kResultOk
    }

    unsafe fn performEdit(&self, id: u32, value: f64) -> tresult {
        lock(&self.told).push(Told::Perform(id, value));
        kResultOk
    }

    unsafe fn endEdit(&self, id: u32) -> tresult {
        lock(&self.told).push(Told::End(id));
        kResultOk
    }

    unsafe fn restartComponent(&self, flags: i32) -> tresult {
        lock(&self.told).push(Told::Restart(flags));
        kResultOk
    }
}

/// One queue of points.
struct Queue {
    id: u32,
    points: Mutex<Vec<(i32, f64)>>,
}

impl Class for Queue {
    type Interfaces = (IParamValueQueue,);
}

impl IParamValueQueueTrait for Queue {
    unsafe fn getParameterId(&self) -> u32 {
        self.id
    }

    unsafe fn getPointCount(&self) -> i32 {
        count(lock(&self.points).len())
    }

    unsafe fn getPoint(&self, point: i32, offset: *mut i32, value: *mut f64) -> tresult {
        let Some(&(at, to)) = lock(&self.points).get(index(point)) else { return kInvalidArgument };
        // SAFETY: out parameters.
        unsafe { put(offset, at) | put(value, to) }
    }

    unsafe fn addPoint(&self, offset: i32, value: f64, place: *mut i32) -> tresult {
        let mut points = lock(&self.points);
        points.push((offset, value));
        // SAFETY: an out parameter.
        unsafe { put(place, count(points.len() - 1)) }
    }
}

/// All queues of a block.
#[derive(Default)]
pub(in crate::vst3) struct Changes {
    queues: Mutex<Vec<ComWrapper<Queue>>>,
}

impl Changes {
    pub(in crate::vst3) fn with(queues: &[(u32, &[(i32, f64)])]) -> ComWrapper<Self> {
        let queue = |&(id, points): &(u32, &[(i32, f64)])| {
            ComWrapper::new(Queue { id, points: Mutex::new(points.to_vec()) })
        };
        ComWrapper::new(Self { queues: Mutex::new(queues.iter().map(queue).collect()) })
    }
}

impl Class for Changes {
    type Interfaces = (IParameterChanges,);
}

fn raw<C: Class, I: Interface>(object: &ComWrapper<C>) -> *mut I {
    object.as_com_ref::<I>().expect("it has this interface").as_ptr()
}

impl IParameterChangesTrait for Changes {
    unsafe fn getParameterCount(&self) -> i32 {
        count(lock(&self.queues).len())
    }

    unsafe fn getParameterData(&self, place: i32) -> *mut IParamValueQueue {
        lock(&self.queues).get(index(place)).map_or(std::ptr::null_mut(), raw)
    }

    unsafe fn addParameterData(&self, id: *const u32, place: *mut i32) -> *mut IParamValueQueue {
        // SAFETY: an in parameter.
        let id = unsafe { id.read() };
        let mut queues = lock(&self.queues);
        let found = queues.iter().position(|queue| queue.id == id).unwrap_or_else(|| {
            queues.push(ComWrapper::new(Queue { id, points: Mutex::default() }));
            queues.len() - 1
        });
        // SAFETY: an out parameter.
        unsafe { put(place, count(found)) };
        raw(&queues[found])
    }
}

/// A plugin as a host holds it.
pub(in crate::vst3) struct Plugin {
    pub(in crate::vst3) component: ComPtr<IComponent>,
    pub(in crate::vst3) processor: ComPtr<IAudioProcessor>,
    pub(in crate::vst3) controller: ComPtr<IEditController>,
    pub(in crate::vst3) told: Arc<Mutex<Vec<Told>>>,
}

impl Plugin {
    pub(in crate::vst3) fn new() -> Self {
        let mut object = std::ptr::null_mut();
        // SAFETY: the factory's pointer is ours to release; ids have sixteen bytes, and the object is out parameter.
        let component = unsafe {
            let factory = ComPtr::from_raw(GetPluginFactory()).expect("a factory");
            let interface = IComponent::IID;
            let result =
                factory.createInstance(CLASS_ID.as_ptr(), interface.as_ptr().cast(), &raw mut object);
            assert_eq!(result, kResultOk);
            ComPtr::from_raw(object.cast::<IComponent>()).expect("a component")
        };
        let handler = ComWrapper::new(Handler::default());
        let told = Arc::clone(&handler.told);
        let processor = component.cast().expect("a processor");
        let controller: ComPtr<IEditController> = component.cast().expect("a controller");
        // SAFETY: a host's first calls; the handler is alive.
        unsafe {
            assert_eq!(component.initialize(std::ptr::null_mut()), kResultOk);
            use vst3::Steinberg::Vst::IEditControllerTrait;
            assert_eq!(controller.setComponentHandler(raw(&handler)), kResultOk);
        }
        Self { component, processor, controller, told }
    }

    pub(in crate::vst3) fn setup(&self, rate_hz: f64, max_block: i32, mode: i32, size: i32) {
        let mut setup = ProcessSetup {
            processMode: mode,
            symbolicSampleSize: size,
            maxSamplesPerBlock: max_block,
            sampleRate: rate_hz,
        };
        // SAFETY: an in parameter.
        assert_eq!(unsafe { self.processor.setupProcessing(&raw mut setup) }, kResultOk);
    }

    pub(in crate::vst3) fn activate(&self, active: bool) {
        // SAFETY: a host's calls in their order.
        unsafe {
            assert_eq!(self.component.setActive(u8::from(active)), kResultOk);
            assert_eq!(self.processor.setProcessing(u8::from(active)), kResultOk);
        }
    }

    pub(in crate::vst3) fn told(&self) -> Vec<Told> {
        std::mem::take(&mut *lock(&self.told))
    }
}

impl Drop for Plugin {
    fn drop(&mut self) {
        // SAFETY: a host's last calls.
        unsafe {
            self.component.setActive(0);
            self.component.terminate();
        }
    }
}

/// The buffers of one bus in singles or doubles, and what a host passes of them.
pub(in crate::vst3) struct Bus<T> {
    pub(in crate::vst3) planes: Vec<Vec<T>>,
    pointers: Vec<*mut T>,
}

impl<T: Copy + Default> Bus<T> {
    pub(in crate::vst3) fn new(planes: Vec<Vec<T>>) -> Self {
        Self { planes, pointers: Vec::new() }
    }

    pub(in crate::vst3) fn silent(channels: usize, samples: usize) -> Self {
        Self::new(vec![vec![T::default(); samples]; channels])
    }

    pub(in crate::vst3) fn pass(&mut self, flags: u64) -> AudioBusBuffers {
        self.pointers = self.planes.iter_mut().map(|plane| plane.as_mut_ptr()).collect();
        AudioBusBuffers {
            numChannels: count(self.planes.len()),
            silenceFlags: flags,
            // Both members of the union are pointers to pointers; the block says which one counts.
            __field0: AudioBusBuffers__type0 { channelBuffers32: self.pointers.as_mut_ptr().cast() },
        }
    }
}

/// A block as a host passes it.
pub(in crate::vst3) fn block(
    samples: usize,
    size: i32,
    inputs: &mut [AudioBusBuffers],
    outputs: &mut [AudioBusBuffers],
) -> ProcessData {
    ProcessData {
        processMode: 0,
        symbolicSampleSize: size,
        numSamples: count(samples),
        numInputs: count(inputs.len()),
        numOutputs: count(outputs.len()),
        inputs: inputs.as_mut_ptr(),
        outputs: outputs.as_mut_ptr(),
        inputParameterChanges: std::ptr::null_mut(),
        outputParameterChanges: std::ptr::null_mut(),
        inputEvents: std::ptr::null_mut(),
        outputEvents: std::ptr::null_mut(),
        processContext: std::ptr::null_mut(),
    }
}
