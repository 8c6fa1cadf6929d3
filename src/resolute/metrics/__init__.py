"""PSNR and SSIM, and the protocols under which the papers measure them."""
