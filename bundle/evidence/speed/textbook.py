"""The textbook CycleGAN (Zhu et al., ICCV 2017, section 7), written plainly: the reference of what is timed."""

from __future__ import annotations

import itertools

import torch
from monai.networks.nets.patchgan_discriminator import PatchDiscriminator
from torch import nn

from scripts.engines.image_pool import ImagePool

CHANNELS, BLOCKS = 64, 9
CYCLE_WEIGHT = 10.0
POOL_SIZE = 50
LEARNING_RATE, BETAS = 2e-4, (0.5, 0.999)


class TextbookGenerator(nn.Module):
    """ResNet of 9 blocks after Johnson et al. 2016: c7s1-64, d128, d256, 9 x R256, u128, u64, c7s1.

    Input (N, inputs, H, W) and output (N, outputs, H, W) lie in [-1, 1]; H and W are multiples of 4.

    Args:
        inputs: 1 for CT, 3 for stain.
        outputs: 3 for stain, 1 for CT.
        channels: features at full resolution.
        blocks: residual blocks.
    """

    def __init__(self, inputs: int, outputs: int, channels: int = CHANNELS, blocks: int = BLOCKS) -> None:
        super().__init__()
        full, half, quarter = channels, 2 * channels, 4 * channels
        self.layers = nn.Sequential(
            *_convolution(inputs, full, 7),
            *_convolution(full, half, 3, stride=2),
            *_convolution(half, quarter, 3, stride=2),
            *[TextbookBlock(quarter) for _ in range(blocks)],
            *_transposed(quarter, half),
            *_transposed(half, full),
            nn.Conv2d(full, outputs, 7, padding=3, padding_mode="reflect"),
            nn.Tanh(),
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        out: torch.Tensor = self.layers(x)
        return out


class TextbookBlock(nn.Module):
    """Two 3 x 3 convolutions, reflected at the border, beside an identity."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        *first, relu = _convolution(channels, channels, 3)
        *second, _ = _convolution(channels, channels, 3)
        self.layers = nn.Sequential(*first, relu, *second)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        out: torch.Tensor = x + self.layers(x)
        return out


def _convolution(inputs: int, outputs: int, kernel: int, stride: int = 1) -> list[nn.Module]:
    layer = nn.Conv2d(inputs, outputs, kernel, stride, padding=kernel // 2, padding_mode="reflect")
    return [layer, nn.InstanceNorm2d(outputs), nn.ReLU(inplace=True)]


def _transposed(inputs: int, outputs: int) -> list[nn.Module]:
    layer = nn.ConvTranspose2d(inputs, outputs, 3, stride=2, padding=1, output_padding=1)
    return [layer, nn.InstanceNorm2d(outputs), nn.ReLU(inplace=True)]


class TextbookCycleGAN:
    """Both generators, both discriminators (PatchGAN of 70 x 70 pixels) and their optimisers, float32 and eager.

    Four passes of generators and six of discriminators a step; least-squares adversarial losses and the cycle losses,
    no identity loss (CT and stain differ in their channels) and nothing that a pair could teach.

    Args:
        channels: of the generators at full resolution, and of the discriminators' first layer.
        blocks: of the generators.
        device: where all of them are.
    """

    def __init__(self, channels: int = CHANNELS, blocks: int = BLOCKS, device: torch.device | str = "cpu") -> None:
        self.to_stain = TextbookGenerator(1, 3, channels, blocks).to(device)
        self.to_ct = TextbookGenerator(3, 1, channels, blocks).to(device)
        self.stain_critic, self.ct_critic = (
            PatchDiscriminator(2, channels, inputs, num_layers_d=3, norm="INSTANCE").to(device) for inputs in (3, 1)
        )
        generators = itertools.chain(self.to_stain.parameters(), self.to_ct.parameters())
        critics = itertools.chain(self.stain_critic.parameters(), self.ct_critic.parameters())
        self.generator_optimizer = torch.optim.Adam(generators, LEARNING_RATE, BETAS)
        self.critic_optimizer = torch.optim.Adam(critics, LEARNING_RATE, BETAS)
        self.stain_pool, self.ct_pool = ImagePool(POOL_SIZE), ImagePool(POOL_SIZE)

    def step(self, ct: torch.Tensor, stain: torch.Tensor) -> dict[str, float]:
        """Train all four networks on a batch of CT (N, 1, H, W) and stain (N, 3, H, W), both in [0, 1] and on `device`.

        Returns:
            The generators' and the discriminators' loss.
        """
        ct, stain = 2 * ct - 1, 2 * stain - 1
        fake_stain, fake_ct = self.to_stain(ct), self.to_ct(stain)
        cycle = (self.to_ct(fake_stain) - ct).abs().mean() + (self.to_stain(fake_ct) - stain).abs().mean()
        self._require_gradients(False)
        adversarial = _distance(self.stain_critic, fake_stain, 1.0) + _distance(self.ct_critic, fake_ct, 1.0)
        loss = adversarial + CYCLE_WEIGHT * cycle
        self.generator_optimizer.zero_grad()
        loss.backward()
        self.generator_optimizer.step()

        self._require_gradients(True)
        critics_loss = torch.zeros((), device=ct.device)
        self.critic_optimizer.zero_grad()
        for critic, real, fake in (
            (self.stain_critic, stain, self.stain_pool.query(fake_stain.detach())),
            (self.ct_critic, ct, self.ct_pool.query(fake_ct.detach())),
        ):
            one = (_distance(critic, real, 1.0) + _distance(critic, fake, 0.0)) / 2
            one.backward()
            critics_loss += one.detach()
        self.critic_optimizer.step()
        return {"generators": float(loss.detach()), "discriminators": float(critics_loss)}

    def _require_gradients(self, required: bool) -> None:
        for critic in (self.stain_critic, self.ct_critic):
            critic.requires_grad_(required)


def _distance(critic: nn.Module, images: torch.Tensor, target: float) -> torch.Tensor:
    """Mean squared distance of a discriminator's judgement from `target` (LSGAN)."""
    distance: torch.Tensor = ((critic(images)[-1] - target) ** 2).mean()
    return distance
