/// Rows of the group `multimodal`.
extension Parameters {
    package static let imageResolution = Parameter<PixelCount>(
        "image_resolution", aliases: ["image_max_pixels"], .multimodal, default: PixelCount(512 * 512),
        help: "Most pixels of an image; larger ones are scaled down.",
        .notYet("multimodal models"))
    package static let videoResolution = Parameter<PixelCount>(
        "video_resolution", aliases: ["video_max_pixels"], .multimodal, default: PixelCount(128 * 128),
        help: "Most pixels of a video frame; larger ones are scaled down.",
        .notYet("multimodal models"))
    package static let videoFps = Parameter<Double>(
        "video_fps", .multimodal, default: 2.0,
        help: "Frames taken from each second of a video.",
        .notYet("multimodal models"))
    package static let videoMaxlen = Parameter<Int>(
        "video_maxlen", .multimodal, default: 64,
        help: "Most frames taken from a video.",
        .notYet("multimodal models"))
    package static let imageMinPixels = Parameter<PixelCount>(
        "image_min_pixels", .multimodal, default: PixelCount(32 * 32),
        help: "Fewest pixels of an image; smaller ones are scaled up.",
        .notYet("multimodal models"))
    package static let imageDoPanAndScan = Parameter<Bool>(
        "image_do_pan_and_scan", .multimodal, default: false,
        help: "Look at parts of large images as well.",
        .notYet("multimodal models"))
    package static let cropToPatches = Parameter<Bool>(
        "crop_to_patches", .multimodal, default: false,
        help: "Cut images into patches.",
        .notYet("multimodal models"))
    package static let videoMinPixels = Parameter<PixelCount>(
        "video_min_pixels", .multimodal, default: PixelCount(16 * 16),
        help: "Fewest pixels of a video frame.",
        .notYet("multimodal models"))
    package static let useAudioInVideo = Parameter<Bool>(
        "use_audio_in_video", .multimodal, default: false,
        help: "Use the sound track of videos.",
        .notYet("multimodal models"))
    package static let audioSamplingRate = Parameter<Int>(
        "audio_sampling_rate", .multimodal, default: 16000,
        help: "Samples taken from each second of audio.",
        .notYet("multimodal models"))

    static let multimodalRows: [ParameterDescription] = [
        imageResolution.description, videoResolution.description, videoFps.description, videoMaxlen.description,
        imageMinPixels.description, imageDoPanAndScan.description, cropToPatches.description,
        videoMinPixels.description, useAudioInVideo.description, audioSamplingRate.description,
    ]
}
