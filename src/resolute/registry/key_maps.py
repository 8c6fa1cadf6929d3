"""Key maps that several published checkpoints share, by the name that registry entries give.

Each is a list of (pattern, replacement) pairs as `resolute.methods.weights.rename` applies them. Most entries of
NTIRE 2022 derive from RFDN's code and kept its parameter names; a network in several sizes has one map for all.
"""

KEY_MAPS: dict[str, tuple[tuple[str, str], ...]] = {
    "data_parallel": ((r"^module\.", ""),),
    "rfdn_frame": (
        (r"^fea_conv\.", "head."),
        (r"^B(\d+)\.", "body.{1-1}."),
        (r"^c\.(\d)\.", "fuse.{1}."),
        (r"^LR_conv\.", "trunk."),
        (r"^upsampler\.0\.", "tail.conv."),
    ),
    "rfdb": (
        (r"\.c(\d)_d\.", ".distil.{1-1}."),
        (r"\.c(\d)_r\.", ".refine.{1-1}."),
        (r"\.c4\.", ".last."),
        (r"\.c5\.", ".fuse."),
    ),
    "esa": (
        (r"\.esa\.", ".attention."),
        (r"\.attention\.conv1\.", ".attention.reduce."),
        (r"\.attention\.conv2\.", ".attention.shrink.0."),
        (r"\.attention\.conv_max\.", ".attention.refine.0."),
        (r"\.attention\.conv3\.", ".attention.refine.2."),
        (r"\.attention\.conv3_\.", ".attention.refine.4."),
        (r"\.attention\.conv_f\.", ".attention.shortcut."),
        (r"\.attention\.conv4\.", ".attention.expand."),
    ),
    "imdn": (
        (r"^model\.0\.", "head."),
        (r"^model\.1\.sub\.(\d)\.conv(\d)\.0\.", "body.{1}.conv{2}."),
        (r"^model\.1\.sub\.(\d)\.conv4\.", "body.{1}.conv4."),
        (r"^model\.1\.sub\.(\d)\.conv1x1\.", "body.{1}.fuse."),
        (r"^model\.1\.sub\.\d\.", "trunk."),
        (r"^model\.2\.", "tail.conv."),
    ),
    "vapsr": (
        (r"^conv_first\.", "head."),
        (r"^conv_body\.", "trunk."),
        (r"^upsampler\.", "tail."),
        (r"^body\.(\d+)\.pixel_norm\.", "body.{1}.1."),
        (r"^body\.(\d+)\.proj_1\.", "body.{1}.0.0."),
        (r"^body\.(\d+)\.proj_2\.", "body.{1}.0.3."),
        (r"^body\.(\d+)\.atten_branch\.pointwise\.", "body.{1}.0.2.0."),
        (r"^body\.(\d+)\.atten_branch\.depthwise\.", "body.{1}.0.2.1."),
        (r"^body\.(\d+)\.atten_branch\.depthwise_dilated\.", "body.{1}.0.2.2."),
    ),
    "smfanet": (
        (r"^to_feat\.", "head."),
        (r"^to_img\.0\.", "tail.conv."),
        (r"^feats\.(\d+)\.smfa\.", "body.{1}.0.1."),
        (r"^feats\.(\d+)\.pcfn\.", "body.{1}.1.1."),
        (r"\.linear_0\.", ".split."),
        (r"\.linear_1\.", ".modulation."),
        (r"\.linear_2\.", ".fuse."),
        (r"\.dw_conv\.", ".pooled."),
        (r"\.alpha$", ".pooled_factor"),
        (r"\.belt$", ".variance_factor"),
        (r"\.lde\.conv_0\.(\d)\.", ".local.{1}."),
        (r"\.lde\.conv_1\.", ".local.3."),
        (r"\.conv_0\.", ".expand."),
        (r"\.conv_1\.", ".partial."),
        (r"\.conv_2\.", ".reduce."),
    ),
}
